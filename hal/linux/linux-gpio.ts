/**
 * Pins through `onoff`, which drives them by the kernel's sysfs files. Opening is a handful of synchronous file
 * operations; reading and writing afterwards do not block the loop.
 */
import { errorText, KumpelError } from "#hal/errors.ts";
import type { EdgeCounter, GpioInput, GpioLine, GpioOutput } from "#hal/gpio.ts";
import { describeLine, resolveGpioLine } from "./gpio-lines.ts";
import { loadAddon } from "./load-addon.ts";
import type { AttributeFiles } from "./system-files.ts";

/** The part of onoff's `Gpio` that is used. */
export interface SysfsPin {
  read(): Promise<0 | 1>;
  write(value: 0 | 1): Promise<void>;
  watch(callback: (error: Error | null | undefined, value: 0 | 1) => void): void;
  unwatchAll(): void;
  direction(): string;
  edge(): string;
  activeLow(): boolean;
}

export type SysfsPinClass = new (
  number: number,
  direction: "in" | "high" | "low",
  edge: "both" | undefined,
  options: { activeLow: boolean },
) => SysfsPin;

export interface LinuxGpioOptions {
  readonly files: AttributeFiles;
  /** Tests hand in their own; default is onoff. */
  readonly loadPinClass?: () => Promise<SysfsPinClass>;
}

async function loadOnoff(): Promise<SysfsPinClass> {
  return (await loadAddon("onoff", () => import("onoff"))).Gpio;
}

export class LinuxGpio {
  readonly #files: AttributeFiles;
  readonly #loadPinClass: () => Promise<SysfsPinClass>;
  readonly #watched = new Set<SysfsPin>();

  constructor(options: LinuxGpioOptions) {
    this.#files = options.files;
    this.#loadPinClass = options.loadPinClass ?? loadOnoff;
  }

  /**
   * Direction and level are set by one write of `high` or `low`, so the pin never shows the other level in between. A pin
   * that is exported already is taken over as it is: an earlier run of this program leaves its pins like that.
   */
  async openOutput(line: GpioLine, isHigh: boolean): Promise<GpioOutput> {
    const { pin } = await this.#open(line, isHigh ? "high" : "low");
    if (pin.direction() === "in") throw failed(line, "the kernel keeps it as an input");
    return {
      set: (level) => pin.write(level ? 1 : 0).catch((cause: unknown) => Promise.reject(failed(line, cause))),
      // Never unexported: some drivers let a pin float then, and it must keep its level.
      close: () => Promise.resolve(),
    };
  }

  async openInput(line: GpioLine): Promise<GpioInput> {
    // No edge is asked for: controllers without interrupts do not even have its file.
    const { pin } = await this.#open(line, "in");
    return {
      isHigh: async () => (await pin.read().catch((cause: unknown) => Promise.reject(failed(line, cause)))) === 1,
      close: () => Promise.resolve(),
    };
  }

  /**
   * Counts interrupts of falling edges. onoff compares the edge with the level that it reads later, when a short pulse is
   * over: it is opened for both edges, so that it reports everything, and the kernel is then told to report falling ones
   * only. Edges that come while the loop is busy count as one.
   */
  async openEdgeCounter(line: GpioLine): Promise<EdgeCounter> {
    const { pin, number } = await this.#open(line, "in", "both");
    try {
      await this.#files.write(`sys/class/gpio/gpio${number}/edge`, "falling");
      // onoff passes over a refusal where the pin was exported before.
      if (pin.edge() !== "falling") throw new Error("the edge is not taken");
    } catch (cause) {
      throw failed(line, `it reports no edges (${errorText(cause)}), its controller may have no interrupts`, cause);
    }
    let edges = 0;
    let error: Error | null = null;
    pin.watch((problem) => {
      if (problem) error = problem;
      else edges++;
    });
    this.#watched.add(pin);
    return {
      count: () => (error === null ? Promise.resolve(edges) : Promise.reject(failed(line, error))),
      close: () => {
        this.#unwatch(pin);
        return Promise.resolve();
      },
    };
  }

  /** Edges are no longer watched; all pins keep their level. */
  close(): void {
    for (const pin of this.#watched) this.#unwatch(pin);
  }

  #unwatch(pin: SysfsPin): void {
    if (this.#watched.delete(pin)) pin.unwatchAll();
  }

  async #open(line: GpioLine, direction: "in" | "high" | "low", edge?: "both") {
    const number = await resolveGpioLine(this.#files, line);
    const PinClass = await this.#loadPinClass();
    try {
      const pin = new PinClass(number, direction, edge, { activeLow: false });
      // An inverted pin of an earlier program would turn every level round. The level itself is not read back: output
      // registers of some FPGA controllers read as 0.
      if (pin.activeLow()) throw new Error("it stays inverted (active_low)");
      return { pin, number };
    } catch (cause) {
      throw failed(line, cause, cause, number);
    }
  }
}

function failed(line: GpioLine, why: unknown, cause: unknown = why, number?: number): KumpelError {
  const here = number === undefined ? "" : `, here number ${number},`;
  return new KumpelError(
    "GPIO_FAILED",
    `${describeLine(line)}${here} can't be used: ${errorText(why)}; check that this runs as root, that the kernel has GPIO_SYSFS and that no driver owns the pin.`,
    { cause, details: { bank: line.bank.name, line: line.line, number: number ?? null } },
  );
}
