/**
 * Which serial device belongs to which connector, decided from what answered where. Pure: `chain-probe.ts` makes the
 * measurements.
 */

/** What one connector's chips said on each serial device, while all others were held in reset. */
export interface ProbedChain {
  readonly chainIndex: number;
  /** Silk screen of the connector. */
  readonly label: string;
  readonly isPlugged: boolean;
  /** Chips counted, one entry a candidate in its order; null = that device could not be used. */
  readonly chipCounts: readonly (number | null)[];
}

export type FoundBy = "answer" | "elimination" | "remainder";

export interface ChainMap {
  /** By connector, complete; null where the measurements contradict each other. */
  readonly paths: readonly { readonly path: string; readonly by: FoundBy }[] | null;
  /** One sentence each; empty when every connector answered. */
  readonly problems: readonly string[];
}

/** @param candidates serial devices, as many as connectors or more. */
export function decideChainMap(chains: readonly ProbedChain[], candidates: readonly string[]): ChainMap {
  const answers = chains.map(({ chipCounts }) => candidates.filter((_, i) => (chipCounts[i] ?? 0) > 0));
  const contradictions = findContradictions(chains, candidates, answers);
  if (contradictions.length > 0) return { paths: null, problems: contradictions };
  const taken = new Set(answers.flat());
  const left = candidates.filter((path) => !taken.has(path));
  const silent = chains.filter((_, i) => answers[i]?.length === 0);
  if (silent.length === chains.length) {
    const asked = candidates.join(", ");
    return { paths: null, problems: [`No chip answered on any of ${asked}: check that the hashboards have power.`] };
  }
  // A single connector without an answer gets the single device that is left; for more of them any order is as good.
  const by: FoundBy = silent.length === 1 && left.length === 1 ? "elimination" : "remainder";
  const paths = answers.map(([path]): { path: string; by: FoundBy } =>
    path === undefined ? { path: left.shift() ?? "", by } : { path, by: "answer" },
  );
  return { paths, problems: silent.map((chain) => describeSilence(chain, by)) };
}

function describeSilence({ label, isPlugged }: ProbedChain, by: FoundBy): string {
  const state = isPlugged
    ? `the hashboard in ${label} answers on no serial device, check its cable and its power`
    : `no hashboard is in ${label}`;
  const meaning =
    by === "elimination" ? "it gets the one device that is left" : "its device is a guess, probe again once it answers";
  return `${upperFirst(state)}: ${meaning}.`;
}

function findContradictions(
  chains: readonly ProbedChain[],
  candidates: readonly string[],
  answers: readonly (readonly string[])[],
): string[] {
  const several = chains.flatMap(({ label }, i) => {
    const paths = answers[i] ?? [];
    return paths.length > 1
      ? [
          `${label} answers on ${paths.join(" and ")}: some other chain is not held in reset, unplug it and probe again.`,
        ]
      : [];
  });
  const shared = candidates.flatMap((path) => {
    const labels = chains.filter((_, i) => answers[i]?.includes(path)).map(({ label }) => label);
    return labels.length > 1
      ? [`${labels.join(" and ")} both answer on ${path}: their resets do nothing, check --board and the wiring.`]
      : [];
  });
  return [...several, ...shared];
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
