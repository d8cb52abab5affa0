/** What is judged without power on the hashboards: pure, from what was measured to sentences that name part and place. */
import type { HashboardIdentity, UnknownHashboard } from "#drivers/eeprom/hashboard-eeprom.ts";
import type { BoardSupport } from "#drivers/hashboards/board-support.ts";
import type { HashboardModel } from "#drivers/hashboards/models.ts";
import { type Finding, joined, seen, wrong } from "./finding.ts";

export interface PlugState {
  readonly chainIndex: number;
  readonly label: string;
  readonly isPlugged: boolean;
}

/** @param expected connectors that must hold a hashboard, by index. */
export function judgePlugs(states: readonly PlugState[], expected: readonly number[]): Finding {
  const findings = states.map(({ chainIndex, label, isPlugged }) => {
    const place = `chain ${chainIndex} (${label})`;
    if (expected.includes(chainIndex)) {
      if (isPlugged) return seen(`${place}: hashboard`);
      return wrong(`${place}: no hashboard is plugged where one is expected`);
    }
    return isPlugged ? wrong(`${place}: a hashboard is plugged where none is expected`) : seen(`${place}: empty`);
  });
  const missing = expected.filter((index) => !states.some(({ chainIndex }) => chainIndex === index));
  return joined([
    ...findings,
    ...missing.map((index) => wrong(`chain ${index}: this control board has no such connector`)),
  ]);
}

export interface ReadIdentity {
  readonly chainIndex: number;
  readonly identity: HashboardIdentity | UnknownHashboard;
}

/** Clocks of the same chip differ by bins, not by halves. */
const FREQUENCY_SPREAD = 0.4;

/** EEPROMs must be readable, fit the model's clock and voltage, and be of one kind. */
export function judgeIdentities(
  read: readonly ReadIdentity[],
  model: HashboardModel,
  support: BoardSupport,
  boardName: string | null,
): Finding {
  const reasons = read.flatMap(({ identity }) => (identity.kind === "unknown" ? [identity.reason] : []));
  // A form that nobody knows is no fault of the boards, as long as they agree.
  if (boardName === null && reasons.length === read.length && new Set(reasons).size === 1)
    return seen(`no hashboard tells who it is: ${reasons[0]}`);
  const names = read.flatMap(({ identity }) => (identity.kind === "known" ? [identity.boardName ?? ""] : []));
  const usual = boardName ?? mostFrequent(names);
  return joined(read.map((one) => judgeIdentity(one, { model, support, usual, isSaid: boardName !== null })));
}

interface Expectation {
  readonly model: HashboardModel;
  readonly support: BoardSupport;
  readonly usual: string | null;
  readonly isSaid: boolean;
}

function judgeIdentity({ chainIndex, identity }: ReadIdentity, expectation: Expectation): Finding {
  const { model, support, usual, isSaid } = expectation;
  const place = `chain ${chainIndex} EEPROM`;
  if (identity.kind === "unknown") return wrong(`${place} tells nothing usable: ${identity.reason}`);
  const { boardSerial, frequencyMhz, voltageMv } = identity;
  const name = identity.boardName ?? "";
  const problems: string[] = [];
  if (usual !== null && (isSaid ? !name.startsWith(usual) : name !== usual)) {
    const others = isSaid ? `the target file expects ${usual}` : `the others say ${usual === "" ? "none" : usual}`;
    problems.push(`${place} is of another board: it says ${name === "" ? "no name" : name}, ${others}`);
  }
  const spread = Math.abs(frequencyMhz / model.defaultFrequencyMhz - 1);
  if (spread > FREQUENCY_SPREAD)
    problems.push(`${place} says ${frequencyMhz} MHz, far from the ${model.defaultFrequencyMhz} MHz of ${model.label}`);
  const { voltage } = support;
  if (voltage !== null && (voltageMv < voltage.hardMinMv || voltageMv > voltage.hardMaxMv))
    problems.push(
      `${place} says ${voltageMv} mV, outside of ${voltage.hardMinMv} to ${voltage.hardMaxMv} mV of ${model.label}`,
    );
  return { problems, notes: [`${place}: ${name === "" ? "board" : name} ${boardSerial}`] };
}

/** Null where no name leads. */
function mostFrequent(names: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [first, second] = [...counts].sort((a, b) => b[1] - a[1]);
  if (first === undefined) return null;
  // Two boards that disagree: nobody knows which one is wrong, so both are named against the first.
  return second !== undefined && second[1] === first[1] ? (names[0] ?? null) : first[0];
}

export interface FanSpeeds {
  readonly dutyPct: number;
  readonly rpm: readonly (number | null)[];
}

/** The tachometer must rise by so much between the two duties. */
const FAN_RISE = 1.15;

/** Two measurements, the lower duty first. */
export function judgeFans(low: FanSpeeds, high: FanSpeeds, expectedCount: number | null): Finding {
  const count = expectedCount ?? high.rpm.length;
  const findings = Array.from({ length: count }, (_, fan): Finding => {
    const name = `fan ${fan + 1}`;
    const atLow = low.rpm[fan] ?? 0;
    const atHigh = high.rpm[fan] ?? 0;
    if (atHigh === 0)
      return wrong(
        `${name} has no tachometer signal at ${high.dutyPct} %: it stands still, or its tachometer is dead or not connected`,
      );
    if (atLow === 0) return wrong(`${name} turns at ${high.dutyPct} %, but stands still at ${low.dutyPct} %`);
    if (atHigh < FAN_RISE * atLow)
      return wrong(
        `${name} does not follow its duty: ${atLow} RPM at ${low.dutyPct} %, ${atHigh} RPM at ${high.dutyPct} %`,
      );
    return seen(`${name}: ${atLow} RPM at ${low.dutyPct} %, ${atHigh} RPM at ${high.dutyPct} %`);
  });
  return joined(findings);
}
