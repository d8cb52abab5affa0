/**
 * PWM outputs by the kernel's sysfs files. The kernel refuses a period below the duty and a change of polarity while the
 * output runs, so the order of the writes matters.
 */
import { errorText, KumpelError } from "#hal/errors.ts";
import type { PwmSelector } from "#hal/ports.ts";
import type { PwmChannel } from "#hal/pwm.ts";
import type { AttributeFiles } from "./system-files.ts";

const FOLDER = "sys/class/pwm";

/** @throws KumpelError `PWM_FAILED`. */
export async function openSysfsPwm(files: AttributeFiles, selector: PwmSelector): Promise<PwmChannel> {
  const chip = await findChip(files, selector);
  const channel = `${FOLDER}/${chip}/pwm${selector.channel}`;
  const name = `${chip} channel ${selector.channel}`;
  if (!(await files.exists(channel))) {
    await files
      .write(`${FOLDER}/${chip}/export`, String(selector.channel))
      .catch((cause: unknown) => Promise.reject(failed(name, cause)));
    if (!(await files.exists(channel))) throw failed(name, new Error("it was exported but did not appear"));
  }
  return new SysfsPwm(files, channel, name);
}

/** By where the chip sits, else by the number in public notes. */
async function findChip(files: AttributeFiles, { match, documentedChip }: PwmSelector): Promise<string> {
  const chips: { name: string; place: string }[] = [];
  for (const name of await files.list(FOLDER)) {
    if (!/^pwmchip\d+$/.test(name)) continue;
    const paths = await Promise.all([
      files.realPath(`${FOLDER}/${name}`),
      files.realPath(`${FOLDER}/${name}/device/of_node`),
    ]);
    chips.push({ name, place: paths.filter((path) => path !== null).join(" ") });
  }
  for (const part of match) {
    const found = chips.filter(({ place }) => place.includes(part));
    if (found.length === 1 && found[0] !== undefined) return found[0].name;
  }
  const documented = chips.find(({ name }) => name === `pwmchip${documentedChip}`);
  if (documented !== undefined) return documented.name;
  const found = chips.map(({ name, place }) => `${name} at ${place}`).join(", ");
  throw new KumpelError(
    "PWM_FAILED",
    `The PWM chip of the fans (${[...match, `pwmchip${documentedChip}`].join(" or ")}) is not there, found ${found === "" ? "none" : found}: check that the kernel has PWM_SYSFS and the chip's driver.`,
    { details: { match, documentedChip, chips } },
  );
}

class SysfsPwm implements PwmChannel {
  readonly #files: AttributeFiles;
  readonly #folder: string;
  readonly #name: string;

  constructor(files: AttributeFiles, folder: string, name: string) {
    this.#files = files;
    this.#folder = folder;
    this.#name = name;
  }

  async apply({ periodNs, dutyNs }: { periodNs: number; dutyNs: number }): Promise<void> {
    if (
      !(Number.isInteger(periodNs) && Number.isInteger(dutyNs) && dutyNs >= 0 && dutyNs <= periodNs && periodNs > 0)
    ) {
      throw failed(this.#name, new Error(`a duty of ${dutyNs} ns does not fit into a period of ${periodNs} ns`));
    }
    try {
      if ((await this.#readNumber("period")) !== periodNs) {
        if ((await this.#readNumber("duty_cycle")) > periodNs) await this.#write("duty_cycle", "0");
        await this.#write("period", String(periodNs));
      }
      // A driver may have rounded the period down; full stays full.
      await this.#write("duty_cycle", String(Math.min(dutyNs, await this.#readNumber("period"))));
      await this.#makeNormal();
      if ((await this.#read("enable")) !== "1") await this.#write("enable", "1");
    } catch (cause) {
      throw failed(this.#name, cause);
    }
  }

  readPeriodNs(): Promise<number> {
    return this.#readNumber("period").catch((cause: unknown) => Promise.reject(failed(this.#name, cause)));
  }

  /** Stays exported: the kernel would stop the output, and with it the fans. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Only where another program had turned it round; drivers without polarity have no such file. */
  async #makeNormal(): Promise<void> {
    const polarity = await this.#read("polarity");
    if (polarity === null || polarity === "normal") return;
    if ((await this.#read("enable")) === "1") await this.#write("enable", "0");
    await this.#write("polarity", "normal");
  }

  #read(attribute: string): Promise<string | null> {
    return this.#files.read(`${this.#folder}/${attribute}`);
  }

  async #readNumber(attribute: string): Promise<number> {
    const text = await this.#read(attribute);
    if (text === null || !/^\d+$/.test(text)) throw new Error(`${attribute} can't be read`);
    return Number(text);
  }

  #write(attribute: string, text: string): Promise<void> {
    return this.#files.write(`${this.#folder}/${attribute}`, text);
  }
}

function failed(name: string, cause: unknown): KumpelError {
  return new KumpelError(
    "PWM_FAILED",
    `PWM output ${name} can't be set (${errorText(cause)}): check that this runs as root and that no driver owns the output.`,
    { cause, details: { output: name } },
  );
}
