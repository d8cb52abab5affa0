/** Tables for a terminal of 80 columns: a column is as wide as what stands in it, and a line never wraps. */

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Numbers stand right, words left (the default). */
  readonly isNumber?: boolean;
}

const GAP = "  ";

export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => plain(cell(row))));
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => (columns[i]?.isNumber === true ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join(GAP)
      .trimEnd()
      .slice(0, width);
  return [line(columns.map(({ title }) => title)), ...cells.map(line)];
}

/** Names with their values, the names in one column; long values go on below themselves. */
export function pairs(entries: readonly (readonly [string, string])[], width: number): string[] {
  const left = Math.max(0, ...entries.map(([name]) => name.length)) + GAP.length;
  return entries.flatMap(([name, value]) =>
    wrap(plain(value), Math.max(10, width - left)).map((text, i) =>
      `${(i === 0 ? name : "").padEnd(left)}${text}`.trimEnd(),
    ),
  );
}

/** Breaks at spaces; a word that is longer than a line is cut. A line has one character at least. */
export function wrap(text: string, wishedWidth: number): string[] {
  const width = Math.max(1, wishedWidth);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  return [...lines, line];
}

/** What a pool or a name brings along must not move the cursor. */
export function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

/** Null is unknown. */
export function number(value: number | null, digits = 0): string {
  return value === null ? "?" : value.toFixed(digits);
}
