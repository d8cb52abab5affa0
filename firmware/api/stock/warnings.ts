/**
 * What is wrong with the machine, in stock's words and codes. A manager that meets a code it does not know drops the
 * whole machine from its view, so that the status port may say only what its list holds, and one at a time: the gravest.
 */
import { isPoolAlive } from "../machine-facts.ts";
import type { MinerSnapshot } from "../snapshot.ts";

/** Every code that the strictest client accepts. */
export const ACCEPTED_CODES: readonly string[] = [
  ...["R:1", "N:1", "V:1", "V:2", "J0:8", "P:1", "P:2", "J0:6", "M:1"],
  ...["J1:4", "J2:4", "J3:4", "J4:4", "J5:4", "J6:4", "J7:4"],
  ...["J0:2", "J1:2", "J2:2", "L0:1", "L1:1", "L2:1", "L0:2", "L1:2", "L2:2", "L255:2"],
];

export interface WarningRule {
  readonly code: string;
  /** The text, or null when all is well. */
  readonly find: (snapshot: MinerSnapshot) => string | null;
}

/** A rate is judged once its ten-minute window is full, and not while the machine rests. */
const JUDGED_AFTER_MS = 900_000;
const LOW_RATE = 0.8;
const HIGH_RATE = 1.2;

function rateShare(snapshot: MinerSnapshot): number | null {
  const { verified, expected } = snapshot.truth["10m"];
  const isJudged = snapshot.uptimeMs >= JUDGED_AFTER_MS && snapshot.pauseReason === null && snapshot.isPowerOn;
  return isJudged && expected > 0 ? verified / expected : null;
}

function chipsMissing(index: number): WarningRule {
  return {
    code: `J${index}:2`,
    find: ({ chains }) => {
      const chain = chains.find((c) => c.index === index);
      if (chain === undefined || (chain.state !== "hashing" && chain.state !== "disabled")) return null;
      return chain.chips < chain.chipsExpected
        ? `chain ${index}: ${chain.chips} of ${chain.chipsExpected} chips found`
        : null;
    },
  };
}

/** The gravest first. */
export const WARNING_RULES: readonly WarningRule[] = [
  {
    code: "J0:6",
    find: ({ shutdownReason: reason }) =>
      reason !== null && /sensor|reading|blind/i.test(reason) ? `shut down: ${reason}` : null,
  },
  // Whatever else shuts the machine down, a fan for instance, protects it from heat: the list knows no nearer code.
  { code: "P:1", find: ({ shutdownReason: reason }) => (reason === null ? null : `shut down: ${reason}`) },
  {
    code: "J0:8",
    find: ({ chains }) => {
      const absent = chains.filter((c) => c.state === "absent").map((c) => c.index);
      return absent.length === 0 ? null : `no hashboard in connector ${absent.join(", ")}`;
    },
  },
  chipsMissing(0),
  chipsMissing(1),
  chipsMissing(2),
  {
    code: "R:1",
    find: (snapshot) => {
      const share = rateShare(snapshot);
      return share !== null && share < LOW_RATE ? `hashrate is ${Math.round(100 * share)} % of expected` : null;
    },
  },
  {
    code: "N:1",
    find: (snapshot) => {
      const share = rateShare(snapshot);
      return share !== null && share > HIGH_RATE ? `hashrate is ${Math.round(100 * share)} % of expected` : null;
    },
  },
];

/** Text of the status port: its one key, with one code or `None`. */
export function warningText(snapshot: MinerSnapshot): string {
  const rule = WARNING_RULES.find(({ find }) => find(snapshot) !== null);
  return JSON.stringify({ error_message: rule?.code ?? "None" });
}

export interface StatusItem {
  readonly type: "rate" | "network" | "fans" | "temp";
  /** `s` is well, `e` is not. */
  readonly status: "s" | "e";
  readonly code: number;
  readonly msg: string;
}

/** The four lamps of the stock page. */
export function statusItems(snapshot: MinerSnapshot): StatusItem[] {
  const item = (type: StatusItem["type"], message: string | null): StatusItem => ({
    type,
    status: message === null ? "s" : "e",
    code: 0,
    msg: message ?? "",
  });
  return [
    item("rate", rateMessage(snapshot)),
    item("network", snapshot.pools.some(isPoolAlive) ? null : `no pool answers: ${snapshot.pool.reason}`),
    item("fans", fanMessage(snapshot)),
    item("temp", snapshot.shutdownReason ?? (snapshot.thermal.phase === "hot" ? snapshot.thermal.reason : null)),
  ];
}

function rateMessage(snapshot: MinerSnapshot): string | null {
  if (snapshot.isPausedByOwner) return null;
  const rule = WARNING_RULES.find(({ code, find }) => code !== "P:1" && code !== "J0:6" && find(snapshot) !== null);
  return rule?.find(snapshot) ?? null;
}

/** A fan that is driven and stands still; one that cannot be read says nothing. */
function fanMessage({ thermal }: MinerSnapshot): string | null {
  const still = thermal.fansRpm.flatMap((rpm, i) => (rpm === 0 && thermal.fanDutyPct > 0 ? [i + 1] : []));
  return still.length === 0 ? null : `fan ${still.join(", ")} stands still`;
}
