// The layers of docs/ARCHITECTURE.md as rules. test/layers.test.ts runs them and checks that files were seen.
const natives = "node_modules/(serialport|@serialport|i2c-bus|onoff|epoll)/";

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "nothing-imports-firmware",
      severity: "error",
      from: { pathNot: "^(firmware|test)/" },
      to: { path: "^firmware/" },
    },
    {
      name: "hal-interfaces-at-the-bottom",
      severity: "error",
      from: { path: "^hal/[^/]+\\.ts$" },
      to: { path: "^(hal/[^/]+/|drivers/|firmware/)" },
    },
    {
      name: "drivers-see-interfaces-only",
      severity: "error",
      from: { path: "^drivers/" },
      to: { path: "^(hal/(linux|emulator)/|firmware/)" },
    },
    {
      name: "emulator-apart",
      severity: "error",
      from: { path: "^hal/emulator/" },
      to: { path: "^(drivers|firmware|hal/linux)/" },
    },
    {
      name: "linux-apart",
      severity: "error",
      from: { path: "^hal/linux/" },
      to: { path: "^(drivers|firmware|hal/emulator)/" },
    },
    {
      name: "only-main-chooses-the-hal",
      severity: "error",
      from: { path: "^firmware/", pathNot: "^firmware/(main|platform/[^/]+)\\.ts$" },
      to: { path: "^hal/(linux|emulator)/" },
    },
    {
      name: "the-page-takes-types-only",
      comment: "zod and the rest of the program must not land in the browser",
      severity: "error",
      from: { path: "^firmware/web/" },
      to: { path: "^(firmware|drivers|hal)/", pathNot: "^firmware/web/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "nothing-imports-the-page",
      severity: "error",
      from: { path: "^(firmware|drivers|hal)/", pathNot: "^firmware/web/" },
      to: { path: "^firmware/web/" },
    },
    {
      name: "natives-in-hal-linux",
      severity: "error",
      from: { path: "^(hal|drivers|firmware)/", pathNot: "^hal/linux/" },
      to: { path: natives },
    },
    {
      name: "koffi-in-linux-and-pty",
      severity: "error",
      from: { path: "^(hal|drivers|firmware)/", pathNot: "^hal/(linux/|emulator/pty\\.ts$)" },
      to: { path: "node_modules/koffi/" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".json"],
    },
  },
};
