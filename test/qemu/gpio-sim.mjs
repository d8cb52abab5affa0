// The kernel's simulated GPIO controller as a module for Debian's stock kernel, which is built without it: two of the
// kernel's own source files, out of Debian's package of its source.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "../../scripts/setup.mjs";
import { foreignPackage } from "./foreign-package.mjs";

const HEADERS = /^linux-headers-([\d.-]+)-amd64$/;

/** @returns {Promise<string>} the module, built once */
export async function gpioSimModule() {
  const flavour = await foreignPackage("amd64", "linux-headers-amd64", HEADERS);
  const [name = ""] = fs.readdirSync(path.join(flavour, "usr/src"));
  const version = HEADERS.exec(name)?.[1] ?? "";
  const folder = path.join(ROOT, "dist/packages", `gpio-sim-${version}`);
  const module = path.join(folder, "gpio-sim.ko");
  if (fs.existsSync(module)) return module;
  const common = await foreignPackage("amd64", `linux-headers-${version}-common`);
  const series = version.split(".").slice(0, 2).join(".");
  const tools = await foreignPackage("amd64", `linux-kbuild-${series}`);
  await unpackSource(series, folder);
  const headers = linkHeaders({ flavour, common, tools, version, series });
  execFileSync("make", ["-s", "-C", headers, `M=${folder}`, "modules"], { stdio: "pipe" });
  return module;
}

/** @param {string} series @param {string} folder */
async function unpackSource(series, folder) {
  const source = await foreignPackage("amd64", `linux-source-${series}`);
  const inside = `linux-source-${series}`;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const files = ["drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib.h", "kernel/irq/irq_sim.c"];
  const archive = path.join(source, "usr/src", `${inside}.tar.xz`);
  const wanted = files.map((file) => `${inside}/${file}`);
  execFileSync("tar", ["-xJf", archive, "-C", folder, "--strip-components=2", ...wanted], { stdio: "pipe" });
  const at = (/** @type {string} */ name) =>
    [folder, path.join(folder, "gpio"), path.join(folder, "irq")]
      .map((place) => path.join(place, name))
      .find((file) => fs.existsSync(file)) ?? "";
  fs.renameSync(at("gpio-sim.c"), path.join(folder, "gpio-sim-main.c"));
  fs.copyFileSync(at("gpiolib.h"), path.join(folder, "gpiolib.h"));
  // A module cannot call irq_to_desc: the number does as well.
  const simulation = fs.readFileSync(at("irq_sim.c"), "utf8");
  fs.writeFileSync(
    path.join(folder, "irq-sim.c"),
    simulation.replace(/handle_simple_irq\(irq_to_desc\((\w+)\)\)/, "generic_handle_irq($1)"),
  );
  fs.writeFileSync(path.join(folder, "Makefile"), "obj-m := gpio-sim.o\ngpio-sim-y := gpio-sim-main.o irq-sim.o\n");
}

/**
 * Debian's headers name each other by absolute paths: here they lie elsewhere.
 * @param {{ flavour: string, common: string, tools: string, version: string, series: string }} parts
 * @returns {string} what `make -C` takes
 */
function linkHeaders({ flavour, common, tools, version, series }) {
  const headers = path.join(flavour, "usr/src", `linux-headers-${version}-amd64`);
  const shared = path.join(common, "usr/src", `linux-headers-${version}-common`);
  const kbuild = path.join(tools, "usr/lib", `linux-kbuild-${series}`);
  fs.writeFileSync(path.join(headers, "Makefile"), `include ${shared}/Makefile\n`);
  for (const folder of [headers, shared]) {
    for (const name of ["scripts", "tools"]) {
      const link = path.join(folder, name);
      fs.rmSync(link, { force: true, recursive: true });
      fs.symlinkSync(path.join(kbuild, name), link);
    }
  }
  return headers;
}
