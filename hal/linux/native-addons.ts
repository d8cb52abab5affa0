/** The native add-ons of the program, for `kumpel version` and the smoke tests of other processors. */
export interface NativeAddon {
  readonly name: string;
  /** What the add-on is needed for, in words. */
  readonly use: string;
  /** Rejects when it is missing or does not fit this Node. */
  readonly load: () => Promise<unknown>;
}

export const NATIVE_ADDONS: readonly NativeAddon[] = [
  {
    name: "serialport",
    use: "serial links to the hash chains",
    load: async () => (await import("serialport")).SerialPort.binding,
  },
  {
    name: "koffi",
    use: "pseudo-terminals of the emulator; registers, watchdog and real-time priority of real boards",
    load: async () => (await import("koffi")).default.load("libc.so.6"),
  },
  { name: "i2c-bus", use: "sensors and supplies on real boards", load: () => import("i2c-bus") },
  { name: "onoff", use: "reset, plug and power lines on real boards", load: () => import("onoff") },
];
