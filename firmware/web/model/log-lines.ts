/** Lines of the board's log, as pino writes them, for people. */

export interface LogLine {
  readonly time: string;
  readonly level: number;
  readonly part: string;
  readonly text: string;
  /** Everything else of the line. */
  readonly more: string;
}

export const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

export function logLine(line: Readonly<Record<string, unknown>>): LogLine {
  const { time, level, part, msg, ...rest } = line;
  const more = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return {
    time: typeof time === "string" ? time : "",
    level: typeof level === "number" ? level : 30,
    part: typeof part === "string" ? part : "",
    text: typeof msg === "string" ? msg : "",
    more: more.join(" "),
  };
}

export function matches({ level, part, text, more }: LogLine, minLevel: number, words: string): boolean {
  const all = `${part} ${text} ${more}`.toLowerCase();
  return (
    level >= minLevel &&
    words
      .toLowerCase()
      .split(/\s+/)
      .every((word) => all.includes(word))
  );
}
