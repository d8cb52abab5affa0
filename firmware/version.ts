/** The program's version and build time: put in by the bundler (scripts/build.mjs). */
declare const __KUMPEL_VERSION__: string | undefined;
declare const __KUMPEL_BUILD_MS__: number | undefined;

export const VERSION: string = typeof __KUMPEL_VERSION__ === "string" ? __KUMPEL_VERSION__ : "0.0.0";
/** Unix ms; null where no bundler ran. */
export const BUILD_WALL_MS: number | null = typeof __KUMPEL_BUILD_MS__ === "number" ? __KUMPEL_BUILD_MS__ : null;
export const AGENT = `kumpel/${VERSION}`;
