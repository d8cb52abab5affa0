/** Bounds of what faces may name, so that nonsense is refused before it goes anywhere. */
export const CHAINS_MAX = 16;
export const CHIPS_MAX = 512;
export const REGISTER_MAX = 0xff;
