// Installs the firmware into a root file system by the image's own recipe (buildroot/package/kumpel/kumpel.mk), run by make
// without Buildroot around it: what that recipe forgets is missing here, too.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "../../scripts/setup.mjs";

const PACKAGE = path.join(ROOT, "buildroot/package/kumpel");

/** What Buildroot gives a recipe, as far as this one uses it. */
const AROUND = `qstrip = $(strip $(subst ",,$(1)))
generic-package =
INSTALL = install
KUMPEL_PKGDIR = ${PACKAGE}
include ${PACKAGE}/kumpel.mk
$(BUILT)/.installed:
	$(KUMPEL_INSTALL_TARGET_CMDS)
	$(KUMPEL_INSTALL_INIT_SYSV)
.PHONY: $(BUILT)/.installed
`;

/** @param {string} built folder that npm run build made @param {string} target the root file system */
export function installPackage(built, target) {
  fs.mkdirSync(path.join(target, "etc"), { recursive: true });
  const variables = [`BUILT=${built}`, `TARGET_DIR=${target}`, `BR2_EXTERNAL_KUMPEL_PATH=${path.dirname(PACKAGE)}`];
  execFileSync("make", ["-s", "-f", "-", ...variables], { input: AROUND, stdio: ["pipe", "pipe", "inherit"] });
}
