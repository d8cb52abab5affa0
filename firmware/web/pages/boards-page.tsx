/** Chip maps, details of a chip, clock and voltage by hand. */
import { useEffect, useRef, useState } from "preact/hooks";
import { browser } from "../browser.ts";
import type { Chain, Chips } from "../model/api-types.ts";
import { CHIP_METRICS, type ChipMetric, troubleOf } from "../model/chip-metrics.ts";
import { usePolled, useSnapshot } from "../model/context.ts";
import { isPlural, words } from "../model/format.ts";
import { Act } from "../parts/act.tsx";
import { Card } from "../parts/card.tsx";
import { ChainTable } from "../parts/chain-table.tsx";
import { ChipDetail } from "../parts/chip-detail.tsx";
import { ChipMap } from "../parts/chip-map.tsx";
import { ChoiceRow } from "../parts/choice-row.tsx";
import { TuneForm } from "../parts/tune-form.tsx";

const POLL_MS = 1_500;
/** Ten minutes of a look. */
const PAST_MAX = 400;

export function BoardsPage() {
  const snapshot = useSnapshot();
  const [chainIndex, setChain] = useState(0);
  if (snapshot === null) return <p>Waiting for the first figures of the miner ...</p>;
  const chain = snapshot.chains.find(({ index }) => index === chainIndex);
  return (
    <>
      <Card title="Chains">
        <ChainTable chains={snapshot.chains} />
      </Card>
      <ChoiceRow
        name="Chain to look at"
        choices={snapshot.chains.map(({ index, state }) => ({ id: index, text: `Chain ${index} (${words(state)})` }))}
        chosen={chainIndex}
        onChoose={setChain}
      />
      {chain === undefined && (
        <p class="notice warn" role="status" data-testid="chain-gone">
          Chain {chainIndex} is not there: the miner tells of {snapshot.chains.length} chain
          {isPlural(snapshot.chains.length)}.
        </p>
      )}
      {chain !== undefined && <ChainView key={chainIndex} chain={chain} />}
    </>
  );
}

function ChainView({ chain }: { readonly chain: Chain }) {
  const [metric, setMetric] = useState<ChipMetric>(CHIP_METRICS[0]!);
  const [chipIndex, setChip] = useState<number | null>(null);
  const { data: chips, problem } = usePolled(`/chains/${chain.index}/chips`, POLL_MS);
  const { data: tuning, reload } = usePolled("/tuning", POLL_MS);
  const past = usePast(chips);
  const chip = chips?.chips.find((one) => one.chipIndex === chipIndex);
  return (
    <div class="cards">
      <Card title={`Chips of chain ${chain.index}`} isWide>
        <ChoiceRow
          name="What the map shows"
          choices={CHIP_METRICS.map(({ id, title }) => ({ id, text: title }))}
          chosen={metric.id}
          onChoose={(id) => setMetric(CHIP_METRICS.find((one) => one.id === id) ?? metric)}
        />
        {problem !== null && <p class="bad">{problem}</p>}
        {chips !== null && <Troubles chips={chips} />}
        {chips !== null && <ChipMap chips={chips} metric={metric} selected={chipIndex} onSelect={setChip} />}
        <Act
          command={{ kind: "restartChain", chainIndex: chain.index }}
          question={{
            title: `Start chain ${chain.index} anew?`,
            text: "It stops hashing for about half a minute; the other chains go on. A chain that was given up is tried again.",
            act: "Start it anew",
          }}
        >
          Start this chain anew ...
        </Act>
      </Card>
      {chip !== undefined && (
        <ChipDetail
          chainIndex={chain.index}
          chip={chip}
          metric={metric}
          past={past.answers.flatMap(({ chips: all }) => all[chip.chipIndex] ?? [])}
          pastMs={browser.nowMs() - past.sinceMs}
        />
      )}
      {tuning !== null && (
        <TuneForm tuning={tuning} chainIndex={chain.index} chipIndex={chipIndex} onChanged={reload} />
      )}
    </div>
  );
}

function Troubles({ chips: { chips } }: { readonly chips: Chips }) {
  const of = (wanted: string): number[] => chips.filter((chip) => troubleOf(chip) === wanted).map((c) => c.chipIndex);
  const silent = of("silent");
  const erring = of("errors");
  if (silent.length + erring.length === 0) return <p class="quiet">No chip stands out.</p>;
  return (
    <p class="bad" data-testid="chip-troubles">
      {silent.length > 0 && `Chip${isPlural(silent.length)} ${silent.join(", ")} silent. `}
      {erring.length > 0 && `Many errors on chip${isPlural(erring.length)} ${erring.join(", ")}.`}
    </p>
  );
}

/** The answers of the last minutes; a bounded number of them. */
function usePast(chips: Chips | null): { readonly answers: readonly Chips[]; readonly sinceMs: number } {
  const answers = useRef<Chips[]>([]);
  const sinceMs = useRef(browser.nowMs());
  useEffect(() => {
    if (chips === null) return;
    answers.current.push(chips);
    if (answers.current.length > PAST_MAX) answers.current.shift();
  }, [chips]);
  return { answers: answers.current, sinceMs: sinceMs.current };
}
