/** What stands around the bytes in somebody's dump: times, directions, chains. */

/** Ms of a time stamp in the text before the bytes, or NaN. */
export function timeOf(prefix: string): number {
  const clock = /(?:^|[^\d:])(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,9}))?/.exec(prefix);
  if (clock !== null) {
    const [, hours, minutes, seconds, fraction = ""] = clock;
    const wholeS = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return wholeS * 1000 + Number(`0.${fraction}0`) * 1000;
  }
  const unit = /(?:^|[\s[(+])(\d+(?:\.\d+)?)\s?(us|ms|s)\b/.exec(prefix);
  if (unit !== null) return Number(unit[1]) * ({ us: 0.001, ms: 1, s: 1000 }[unit[2] ?? ""] ?? 1);
  const seconds = /(?:^|[\s[(+])(\d+\.\d+)/.exec(prefix);
  if (seconds !== null) return Number(seconds[1]) * 1000;
  // Logs of hobby boards: I (12345) part: ...
  const bracketed = /\((\d+)\)/.exec(prefix) ?? /^\s*(\d{3,})\s/.exec(prefix);
  return bracketed === null ? Number.NaN : Number(bracketed[1]);
}

const OUT_WORDS = /\b(?:tx|txd|send|sent|sending|write|wr|w|out|host|cmd|mosi)\b/gi;
const IN_WORDS = /\b(?:rx|rxd|recv|receive|received|receiving|read|rd|r|in|chip|miso|resp|response)\b/gi;
const OUT_ARROWS = /-+>|>+|\u2192/g;
const IN_ARROWS = /<-+|<+|\u2190/g;

function lastPlace(text: string, words: RegExp): number {
  let place = -1;
  for (const match of text.matchAll(words)) place = match.index;
  return place;
}

/**
 * What the word next to the bytes says, or an arrow where no word does ("rx -> 55 AA"). Only the splitter's streams depend on
 * it: a frame tells its direction itself.
 */
export function directionOf(prefix: string): "out" | "in" | "mixed" {
  if (prefix === "") return "mixed";
  const byWords = nearest(prefix, OUT_WORDS, IN_WORDS);
  return byWords === "mixed" ? nearest(prefix, OUT_ARROWS, IN_ARROWS) : byWords;
}

function nearest(prefix: string, outWords: RegExp, inWords: RegExp): "out" | "in" | "mixed" {
  const out = lastPlace(prefix, outWords);
  const into = lastPlace(prefix, inWords);
  if (out === into) return "mixed";
  return out > into ? "out" : "in";
}

export function chainOf(prefix: string): number {
  const match = /\b(?:chain|ch|uart|ttyS|ttyUSB|ttyO|ttyACM)[\s_#:=-]?(\d{1,2})\b/i.exec(prefix);
  return match === null ? 0 : Number(match[1]);
}
