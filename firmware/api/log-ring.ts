/** The last lines of the log, for who cannot see the console. Each is a JSON object: answers are put together of them unread. */
const LINES_MAX = 500;
const LINE_MAX_SIGNS = 2_000;
/** Nothing that is longer is understood first, so that a line costs little whatever is in it. */
const READ_MAX_SIGNS = 64 * 1024;
/** How long a text in a line that is too long may be: the first limit that makes it fit. */
const TEXT_LIMITS = [1_000, 300, 80] as const;
/** Each of its signs may need six in JSON. */
const BARE_MAX_SIGNS = 300;
/** A flood is cut, so that telling the worker costs little. */
const FRESH_MAX = 200;

export class LogRing {
  #lines: string[] = [];
  #fresh: string[] = [];

  add(line: string): void {
    const text = keptLine(line.trimEnd());
    this.#lines.push(text);
    if (this.#lines.length > LINES_MAX * 2) this.#lines = this.#lines.slice(-LINES_MAX);
    if (this.#fresh.length < FRESH_MAX) this.#fresh.push(text);
  }

  get lines(): string[] {
    return this.#lines.slice(-LINES_MAX);
  }

  /** What came since the last call. */
  takeFresh(): string[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}

/** The same line where it is short and an object, else one that is, with as much of it as may stay. */
function keptLine(line: string): string {
  const entry = line.length > READ_MAX_SIGNS ? null : parsed(line);
  if (entry === null) return JSON.stringify({ msg: cut(line, BARE_MAX_SIGNS) });
  if (line.length <= LINE_MAX_SIGNS) return line;
  for (const limit of TEXT_LIMITS) {
    const text = JSON.stringify(entry, (_key, value: unknown) =>
      typeof value === "string" ? cut(value, limit) : value,
    );
    if (text.length <= LINE_MAX_SIGNS) return text;
  }
  const { level, time, msg } = entry;
  return JSON.stringify({
    level: plain(level),
    time: plain(time),
    msg: cut(typeof msg === "string" ? msg : "", BARE_MAX_SIGNS),
  });
}

function parsed(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

function plain(value: unknown): string | number | null {
  return typeof value === "number" ? value : typeof value === "string" ? cut(value, BARE_MAX_SIGNS) : null;
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}
