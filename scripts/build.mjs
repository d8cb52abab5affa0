// Makes the bundle: one CommonJS file for all roles (miner, emulator child, management worker) with its native add-ons
// beside it in native/. Used by every command of a checkout (0.3 s) and, minified, by release.mjs.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import { buildWallMs } from "./build-time.mjs";
import { buildWeb } from "./build-web.mjs";
import { licencesOf } from "./licences.mjs";
import { ROOT } from "./setup.mjs";
import { slimSources } from "./slim-sources.mjs";

/**
 * What differs between targets: folder of serialport's prebuilt add-on, koffi's platform package and folder.
 * @type {Record<string, { serialport: string, koffi: string }>}
 */
export const TARGETS = {
  x64: { serialport: "linux-x64/@serialport+bindings-cpp.glibc.node", koffi: "linux-x64/linux_x64" },
  armv7: { serialport: "linux-arm/@serialport+bindings-cpp.armv7.glibc.node", koffi: "linux-arm/linux_armhf" },
  arm64: { serialport: "linux-arm64/@serialport+bindings-cpp.armv8.glibc.node", koffi: "linux-arm64/linux_arm64" },
};

/** The target of this machine. */
export const HOST_TARGET = process.arch === "arm" ? "armv7" : process.arch;

const require = createRequire(import.meta.url);

/** @param {string} name */
function isInstalled(name) {
  return fs.existsSync(path.join(ROOT, "node_modules", name, "package.json"));
}

/** Loads an add-on that lies beside the bundle; the names carry the Node ABI where an add-on is bound to one. */
const LOADERS = {
  bindings: `module.exports = (name) => {
    const file = (name.endsWith(".node") ? name.slice(0, -5) : name) + "-" + process.versions.modules + ".node";
    const m = { exports: {} };
    process.dlopen(m, require("node:path").join(__dirname, "native", file));
    return m.exports;
  };`,
  "node-gyp-build": `module.exports = () => {
    const m = { exports: {} };
    process.dlopen(m, require("node:path").join(__dirname, "native", "serialport.node"));
    return m.exports;
  };`,
  koffi: `const m = { exports: {} };
    process.dlopen(m, require("node:path").join(__dirname, "native", "koffi.node"));
    module.exports = m.exports;`,
};

/** @returns {import("esbuild").Plugin} */
function nativeModules() {
  return {
    name: "native-modules",
    setup(b) {
      b.onResolve({ filter: /^(bindings|node-gyp-build)$/ }, ({ path: id }) => ({ path: id, namespace: "native" }));
      b.onResolve({ filter: /^@koromix\/koffi-/ }, () => ({ path: "koffi", namespace: "native" }));
      // koffi's other entry needs import.meta.url, which a CommonJS file does not have.
      b.onResolve({ filter: /^koffi$/ }, () => ({ path: path.join(ROOT, "node_modules/koffi/index.cjs") }));
      b.onResolve({ filter: /^(i2c-bus|onoff)$/ }, ({ path: id }) =>
        isInstalled(id) ? undefined : { path: id, namespace: "absent" },
      );
      b.onLoad({ filter: /.*/, namespace: "native" }, ({ path: id }) => ({
        loader: "js",
        contents: LOADERS[/** @type {keyof typeof LOADERS} */ (id)],
      }));
      b.onLoad({ filter: /.*/, namespace: "absent" }, ({ path: id }) => ({
        loader: "js",
        contents: `throw new Error("the optional package ${id} was not installed when this bundle was made");`,
      }));
    },
  };
}

/**
 * @param {{ outDir: string, minify?: boolean, target?: string, addons?: string, entry?: string }} options `addons`:
 * folder with koffi.node and with i2c and epoll builds named NAME-ABI.node; default is what npm installed in node_modules
 * for the Node that runs this. `entry`: another program than Kumpel, which then gets its own name.
 * @returns {Promise<{ bytes: number, addons: string[], web: { name: string, bytes: number }[] }>} `web`: files of the page
 */
export async function bundle({ outDir, minify = false, target = HOST_TARGET, addons, entry }) {
  const { version } = require(path.join(ROOT, "package.json"));
  const source = entry ?? "firmware/main.ts";
  const outfile = path.join(outDir, entry === undefined ? "kumpel.cjs" : `${path.basename(entry, ".ts")}.cjs`);
  const { outputFiles, metafile } = await build({
    write: false,
    metafile: true,
    entryPoints: [path.join(ROOT, source)],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minify,
    // The map lies beside the file for a person with a stack trace; it is never loaded at run time (75 MiB).
    sourcemap: "external",
    absWorkingDir: ROOT,
    define: {
      __KUMPEL_VERSION__: JSON.stringify(version),
      __KUMPEL_BUILD_MS__: String(buildWallMs()),
      "import.meta.url": "__bundleUrl",
    },
    banner: { js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    plugins: [nativeModules(), slimSources()],
    logLevel: "warning",
  });
  fs.mkdirSync(outDir, { recursive: true });
  for (const { path: file, contents } of outputFiles)
    if (file.endsWith(".cjs") && contents.some((byte) => byte > 127))
      throw new Error(`${file} is not plain ASCII: it would cost twice its memory (slim-sources.mjs)`);
  for (const file of outputFiles) replaceFile(file.path, (temporary) => fs.writeFileSync(temporary, file.contents));
  const copied = copyAddons(path.join(outDir, "native"), target, addons);
  const bytes = fs.statSync(outfile).size;
  if (entry !== undefined) return { bytes, addons: copied, web: [] };
  const { sizes, inputs } = await buildWeb(outDir);
  const others = [...Object.keys(metafile.inputs), ...inputs];
  const licences = licencesOf(others, [`@koromix/koffi-${TARGETS[target]?.koffi.split("/")[0]}`]);
  replaceFile(path.join(outDir, "LICENCES.txt"), (temporary) => fs.writeFileSync(temporary, licences));
  return { bytes, addons: copied, web: sizes };
}

/** @param {string} folder @param {string} target @param {string | undefined} addons */
function copyAddons(folder, target, addons) {
  const names = TARGETS[target];
  if (names === undefined)
    throw new Error(`target "${target}" is unknown; choose one of: ${Object.keys(TARGETS).join(" ")}`);
  fs.mkdirSync(folder, { recursive: true });
  const modules = path.join(ROOT, "node_modules");
  /** @type {[string, string][]} */
  const copies = [
    [path.join(modules, "@serialport/bindings-cpp/prebuilds", names.serialport), "serialport.node"],
    [
      path.join(addons ?? modules, addons === undefined ? `@koromix/koffi-${names.koffi}` : "", "koffi.node"),
      "koffi.node",
    ],
  ];
  if (addons === undefined) {
    for (const [name, file] of [
      ["i2c-bus", "i2c"],
      ["epoll", "epoll"],
    ]) {
      copies.push([
        path.join(modules, `${name}`, "build/Release", `${file}.node`),
        `${file}-${process.versions.modules}.node`,
      ]);
    }
  } else {
    for (const file of fs.readdirSync(addons))
      if (/-\d+\.node$/.test(file)) copies.push([path.join(addons, file), file]);
  }
  const present = copies.filter(([from]) => fs.existsSync(from));
  for (const [from, to] of present) replaceFile(path.join(folder, to), (temporary) => fs.copyFileSync(from, temporary));
  return present.map(([, to]) => to);
}

/**
 * A new file under the old name: a running program keeps the one that it has loaded.
 * @param {string} file @param {(temporary: string) => void} write
 */
function replaceFile(file, write) {
  const temporary = `${file}.${process.pid}.tmp`;
  write(temporary);
  fs.renameSync(temporary, file);
}
