/**
 * Finds the kernel's global number of a pin. The base of a controller moves with the kernel, so it is looked up by label
 * and number of lines, and never taken from notes: a wrong pin can switch a supply.
 */
import { KumpelError } from "#hal/errors.ts";
import type { GpioBank, GpioLine } from "#hal/gpio.ts";
import type { AttributeFiles } from "./system-files.ts";

export interface GpioChip {
  /** `gpiochip411`. */
  readonly name: string;
  readonly label: string;
  readonly base: number;
  readonly lineCount: number;
}

const GPIO_FOLDER = "sys/class/gpio";

/** Every controller that the kernel shows in sysfs. */
export async function listGpioChips(files: AttributeFiles): Promise<GpioChip[]> {
  const chips: GpioChip[] = [];
  for (const name of await files.list(GPIO_FOLDER)) {
    if (!/^gpiochip\d+$/.test(name)) continue;
    const [label, base, lineCount] = await Promise.all(
      ["label", "base", "ngpio"].map((attribute) => files.read(`${GPIO_FOLDER}/${name}/${attribute}`)),
    );
    if (base == null || lineCount == null) continue;
    chips.push({ name, label: label ?? "", base: Number(base), lineCount: Number(lineCount) });
  }
  return chips;
}

/**
 * Global number of a pin on this kernel.
 * @throws KumpelError `GPIO_FAILED` when its controller is missing, ambiguous or has another number of lines.
 */
export async function resolveGpioLine(files: AttributeFiles, line: GpioLine): Promise<number> {
  const chips = await listGpioChips(files);
  return chooseChip(chips, line).base + line.line;
}

/** A known label decides, then the number of lines; whatever leaves a doubt is an error. */
function chooseChip(chips: readonly GpioChip[], line: GpioLine): GpioChip {
  const { bank } = line;
  const labelled = chips.filter((chip) => bank.labels.includes(chip.label));
  const fitting = (labelled.length > 0 ? labelled : chips).filter((chip) => chip.lineCount === bank.lineCount);
  if (fitting.length === 0) {
    const why =
      labelled.length > 0
        ? `the controller with that name has not the ${bank.lineCount} lines that are expected, so its pins may be others`
        : `no controller here is called ${bank.labels.join(" or ")}, and none has ${bank.lineCount} lines`;
    throw failed(line, chips, why);
  }
  const best = bank.labels.map((label) => fitting.filter((chip) => chip.label === label)).find((c) => c.length > 0);
  const [chip, another] = best ?? fitting;
  if (chip === undefined || another !== undefined) {
    throw failed(line, chips, `several controllers could be the bank "${bank.name}"`);
  }
  if (line.line >= chip.lineCount) throw failed(line, chips, `the controller ends at line ${chip.lineCount - 1}`);
  return chip;
}

function failed(line: GpioLine, chips: readonly GpioChip[], why: string): KumpelError {
  const found =
    chips.length === 0
      ? "found none: is GPIO_SYSFS in the kernel?"
      : `found ${chips.map((c) => `${c.name} "${c.label}" with ${c.lineCount} lines`).join(", ")}`;
  return new KumpelError(
    "GPIO_FAILED",
    `${describeLine(line)} can't be found: ${why} (${found}); boot a kernel whose device tree has that controller, or report this list.`,
    { details: { bank: bankDetails(line.bank), line: line.line, chips } },
  );
}

function bankDetails({ name, labels, lineCount }: GpioBank): Record<string, unknown> {
  return { name, labels, lineCount };
}

/** For messages: `Pin 437 (bank "main", line 26)`. */
export function describeLine({ bank, line, documentedNumber }: GpioLine): string {
  return `Pin ${documentedNumber} (bank "${bank.name}", line ${line})`;
}
