/** The program's version: put in by the bundler from package.json. */
declare const __KUMPEL_VERSION__: string | undefined;

export const VERSION: string = typeof __KUMPEL_VERSION__ === "string" ? __KUMPEL_VERSION__ : "0.0.0";
export const AGENT = `kumpel/${VERSION}`;
