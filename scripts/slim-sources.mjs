// What other people's packages cost in memory: the engine keeps the whole source text of a program, in every thread, and one
// sign outside of ASCII makes it keep two bytes for each. For Kumpel that was 3 MB a thread.
import fs from "node:fs";

const NOT_ASCII = /[^\0-\x7f]/g;

/** Escapes mean the same in strings, regular expressions and names. @param {string} text */
export function toAscii(text) {
  return text.replace(NOT_ASCII, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** @returns {import("esbuild").Plugin} */
export function slimSources() {
  return {
    name: "slim-sources",
    setup(b) {
      // Messages of zod in fifty languages that nobody here asks for.
      b.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
        contents: 'export { default as en } from "./en.js";',
      }));
      b.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path: file }) => {
        const text = await fs.promises.readFile(file, "utf8");
        return text.search(NOT_ASCII) < 0 ? undefined : { contents: toAscii(text) };
      });
    },
  };
}
