/** Clock and voltage by hand: limits before, effect after, and the way back. */
import { useState } from "preact/hooks";
import type { ApiClient } from "../model/api-client.ts";
import type { Given, Tuning } from "../model/api-types.ts";
import { type Question, useKit, useSnapshot } from "../model/context.ts";
import { type Reading, readingOf } from "../model/effect.ts";
import { fixed } from "../model/format.ts";
import { Act, useOrdering } from "./act.tsx";
import { AnswerLine } from "./answer-line.tsx";
import { Card } from "./card.tsx";
import { EffectTable } from "./effect-table.tsx";
import { FrequencyForm, type TunePartProps } from "./frequency-form.tsx";

export interface TuneFormProps {
  readonly tuning: Tuning;
  readonly chainIndex: number;
  /** Null: no chip is chosen in the map. */
  readonly chipIndex: number | null;
  readonly onChanged: () => void;
}

const MV_PER_V = 1000;

export function TuneForm({ tuning, chainIndex, chipIndex, onChanged }: TuneFormProps) {
  const snapshot = useSnapshot();
  const { client } = useKit();
  const [before, setBefore] = useState<{ reading: Reading; chainIndex: number | null; round: number } | null>(null);
  const note = (place: number | null): void => {
    if (snapshot !== null)
      setBefore((last) => ({ reading: readingOf(snapshot, place), chainIndex: place, round: (last?.round ?? 0) + 1 }));
    onChanged();
  };
  const kept = { onDone: () => note(null) };
  return (
    <Card title="Clock and voltage by hand" isWide testId="tune">
      <FrequencyForm tuning={tuning} chainIndex={chainIndex} chipIndex={chipIndex} onChanged={note} />
      <VoltageForm tuning={tuning} chainIndex={chainIndex} onChanged={note} />
      {before !== null && <EffectTable key={before.round} before={before.reading} chainIndex={before.chainIndex} />}
      <div class="acts">
        <Act
          command={{ kind: "undoTuning" }}
          question={() => undoQuestion(client)}
          isOff={tuning.undoSteps === 0}
          {...kept}
        >
          Undo the last change ({tuning.undoSteps} can be undone)
        </Act>
        <Act command={{ kind: "resetTuning" }} question={RESET} {...kept}>
          All as the run began ...
        </Act>
        <Act command={{ kind: "keepTuning" }} question={KEEP}>
          Keep for the next runs ...
        </Act>
      </div>
    </Card>
  );
}

/** Back from less is more again. The board is asked, since somebody else may have changed something last. */
async function undoQuestion(client: ApiClient): Promise<Question | null> {
  const got = await client.get("/tuning");
  const undo = got.ok ? got.data.undo : null;
  if (undo?.isMore === false) return null;
  return {
    title: "Undo the last change?",
    text:
      undo === null
        ? "What it takes back is not known here: the machine may draw more power and get hotter at once."
        : `It raises the power: ${undo.text}. The machine gets hotter at once.`,
    act: "Undo it",
  };
}

const RESET: Question = {
  title: "All clocks and voltages as the run began?",
  text: "What you changed by hand in this run is lost, and the machine draws the power that it drew at the start.",
  act: "Set all back",
};
const KEEP: Question = {
  title: "Keep these clocks and voltages?",
  text: "The next runs begin with them, also after a power cut and with nobody watching. What was kept before is replaced.",
  act: "Keep them",
};

function VoltageForm({ tuning, chainIndex, onChanged }: TunePartProps) {
  const { client } = useKit();
  const { answer, isBusy, order } = useOrdering();
  const [wish, setWish] = useState<string | null>(null);
  const { voltageMv: limits, isVoltagePerChain } = tuning.limits;
  const nowMv = tuning.chains[chainIndex]?.voltageMv ?? null;
  if (limits === null || nowMv === null) return <p class="quiet">The voltage of this machine is fixed.</p>;
  const target = isVoltagePerChain ? chainIndex : null;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const voltageMv = Math.round(Number(wish ?? nowMv / MV_PER_V) * MV_PER_V);
    const where = target === null ? "all chains" : `chain ${chainIndex}`;
    const send = (): Promise<Given> => client.order({ kind: "tuneVoltage", chainIndex: target, voltageMv });
    const given = await order(send, voltageMv > nowMv ? higher(where) : null);
    if (given?.ok === true) onChanged(target);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <fieldset>
        <legend>Voltage of {target === null ? "all chains (they share a supply)" : `chain ${chainIndex}`}</legend>
        <div class="acts">
          <label>
            V{" "}
            <input
              type="number"
              min={limits.min / MV_PER_V}
              max={limits.max / MV_PER_V}
              step="any"
              required
              value={wish ?? String(nowMv / MV_PER_V)}
              aria-describedby="v-limits"
              onInput={({ currentTarget }) => setWish(currentTarget.value)}
            />
          </label>
          <button type="submit" disabled={isBusy}>
            Set
          </button>
        </div>
        <p id="v-limits" class="quiet note">
          {fixed(limits.min / MV_PER_V, 2)} to {fixed(limits.max / MV_PER_V, 2)} V: {limits.reason}. Now{" "}
          {fixed(nowMv / MV_PER_V, 2)} V.
        </p>
        <AnswerLine answer={answer} />
      </fieldset>
    </form>
  );
}

function higher(where: string): Question {
  return {
    title: `Higher voltage for ${where}?`,
    text: "The machine draws more power and gets hotter at once. Undo takes it back.",
    act: "Set it",
  };
}
