/** Words of a line as a person types them: parts in quotes belong together, `#` begins a remark. */

export interface SplitLine {
  readonly words: readonly string[];
  /** A quote is still open. */
  readonly isOpen: boolean;
}

export function splitWords(line: string): SplitLine {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (const sign of line) {
    if (quote !== null) {
      if (sign === quote) quote = null;
      else word = (word ?? "") + sign;
    } else if (sign === '"' || sign === "'") {
      quote = sign;
      word ??= "";
    } else if (/\s/.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (sign === "#" && word === null) break;
    else word = (word ?? "") + sign;
  }
  if (word !== null) words.push(word);
  return { words, isOpen: quote !== null };
}
