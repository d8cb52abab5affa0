/** What a command of the console is: a row of the table in `commands.ts`. Text for people, one JSON form for machines. */
import type { z } from "zod";
import type { Clock } from "#hal/clock.ts";
import { usageError } from "../cli/usage.ts";
import type { ConsoleClient } from "./client.ts";

export interface Screen {
  /** Columns of the terminal, or 80. */
  width(): number;
  rows(): number;
  /** Escape sequences are understood. */
  readonly isTerminal: boolean;
  write(text: string): void;
}

export interface ConsoleContext {
  readonly client: ConsoleClient;
  readonly clock: Clock;
  readonly screen: Screen;
  /** Machines read the answer: no progress, no remarks. */
  readonly isJson: boolean;
  /** A person can be asked. Always false where nobody sits. */
  confirm(question: string): Promise<boolean>;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** Milliseconds after a change that its effect is told; 0 = it is not. */
  readonly effectMs: number;
  /** Something that comes later, above the line that is being typed. */
  later(task: (signal: AbortSignal) => Promise<string>): void;
}

/** A terminal that was told no size, as on a serial line, says 0 or nothing. */
export function sizeOf({ columns = 0, rows = 0 }: { readonly columns?: number; readonly rows?: number }): {
  columns: number;
  rows: number;
} {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

export interface Outcome {
  /** Lines for people. */
  readonly lines: readonly string[];
  /** For machines; as the command's schema says. */
  readonly data: unknown;
  /** False: the firmware refused, or what was checked does not hold. */
  readonly isDone: boolean;
}

export interface ConsoleCommand {
  readonly name: string;
  /** Its words, `CHAIN.CHIP MHZ`; empty = none. */
  readonly usage: string;
  /** One line, with units and ranges. */
  readonly summary: string;
  /** More lines for `help NAME`. */
  readonly help?: readonly string[];
  readonly group: "look" | "tune" | "steer" | "record" | "console";
  /** Form of `--json`. */
  readonly json: z.ZodType;
  /** Words that can stand at this place, for completion. */
  readonly complete?: (
    words: readonly string[],
    context: ConsoleContext,
  ) => Promise<readonly string[]> | readonly string[];
  run(words: readonly string[], context: ConsoleContext): Promise<Outcome>;
}

export function wordsProblem({ name, usage }: Pick<ConsoleCommand, "name" | "usage">, why: string): Error {
  return usageError(`${name}: ${why}; it is used as: ${`${name} ${usage}`.trim()}.`);
}

/** A number as typed; decimal, or 0x for hexadecimal. Null: it is none. */
export function numberOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number.parseInt(text.slice(2), 16);
  return /^[+-]?\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : null;
}

/** A whole number as typed, from `min` to `max`. Null: it is none of these. */
export function wholeOf(text: string | undefined, min: number, max = Number.POSITIVE_INFINITY): number | null {
  const value = numberOf(text);
  return value !== null && Number.isInteger(value) && value >= min && value <= max ? value : null;
}

export interface Place {
  readonly chainIndex: number | null;
  readonly domainIndex: number | null;
  readonly chipIndex: number | null;
}

/** `all`, `0`, `0.12`, `0.d3`. Null: none of these. */
export function placeOf(text: string | undefined): Place | null {
  if (text === "all") return { chainIndex: null, domainIndex: null, chipIndex: null };
  const [, chain, isDomain, part] = /^(\d{1,2})(?:\.(d)?(\d{1,3}))?$/.exec(text ?? "") ?? [];
  if (chain === undefined) return null;
  const at = part === undefined ? null : Number(part);
  const isOfDomain = isDomain !== undefined;
  return { chainIndex: Number(chain), domainIndex: isOfDomain ? at : null, chipIndex: isOfDomain ? null : at };
}
