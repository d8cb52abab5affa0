// Makes the web page out of firmware/web: a few gzip files beside the bundle. The board never unpacks them; the browser does.
import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { ROOT } from "./setup.mjs";

const SOURCE = path.join(ROOT, "firmware/web");

/**
 * @param {string} outDir folder of the bundle; the page goes into web/ in it
 * @returns {Promise<{ sizes: { name: string, bytes: number }[], inputs: string[] }>} files and what they weigh,
 * packed; the sources that they were made of
 */
export async function buildWeb(outDir) {
  const { outputFiles, metafile } = await build({
    write: false,
    metafile: true,
    entryPoints: { app: path.join(SOURCE, "main.tsx"), "app-style": path.join(SOURCE, "style/app.css") },
    outdir: "/",
    bundle: true,
    // Other pages, and charts, come when the first page is there: that one is there sooner.
    splitting: true,
    chunkNames: "part-[hash]",
    format: "esm",
    target: ["chrome111", "firefox111", "safari16"],
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
  });
  /** @type {[string, Uint8Array][]} */
  const files = outputFiles.map((file) => [
    path.basename(file.path).replace("app-style.css", "app.css"),
    file.contents,
  ]);
  files.push(["page.html", pageWithPreloads(metafile)]);
  const folder = path.join(outDir, "web");
  const fresh = `${folder}.${process.pid}.tmp`;
  fs.mkdirSync(fresh, { recursive: true });
  const sizes = files.map(([name, contents]) => {
    // mtime 0 comes by itself: the same source makes the same bytes.
    const packed = gzipSync(contents, { level: 9 });
    fs.writeFileSync(path.join(fresh, `${name}.gz`), packed);
    return { name, bytes: packed.length };
  });
  replaceFolder(folder, fresh);
  return { sizes, inputs: Object.keys(metafile.inputs) };
}

/**
 * The browser is told of all pieces that the first page is made of, so that it fetches them side by side.
 * @param {import("esbuild").Metafile} metafile
 */
function pageWithPreloads({ outputs }) {
  const entry = Object.keys(outputs).find((name) => path.basename(name) === "app.js") ?? "";
  const pieces = new Set();
  /** @param {string} name */
  const visit = (name) => {
    for (const { path: piece, kind } of outputs[name]?.imports ?? []) {
      if (kind !== "import-statement" || pieces.has(piece)) continue;
      pieces.add(piece);
      visit(piece);
    }
  };
  visit(entry);
  const links = [...pieces].map((piece) => `<link rel="modulepreload" href="/${path.basename(piece)}">`);
  const page = fs.readFileSync(path.join(SOURCE, "page.html"), "utf8");
  return Buffer.from(page.replace(/^( *)(?=<script )/m, `${links.map((link) => `$1${link}\n`).join("")}$1`));
}

/** @param {string} folder @param {string} fresh */
function replaceFolder(folder, fresh) {
  const old = `${folder}.${process.pid}.old`;
  if (fs.existsSync(folder)) fs.renameSync(folder, old);
  fs.renameSync(fresh, folder);
  fs.rmSync(old, { recursive: true, force: true });
}
