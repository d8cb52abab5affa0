/** Clock of a chip, of a chain or of all by hand, within the machine's limits. */
import { useEffect, useState } from "preact/hooks";
import type { Command, Tuning } from "../model/api-types.ts";
import { type Question, useKit } from "../model/context.ts";
import { fixed } from "../model/format.ts";
import { useOrdering } from "./act.tsx";
import { AnswerLine } from "./answer-line.tsx";

type Place = "chip" | "chain" | "all";
/** As drivers/bm13xx/frequency-ramp.ts raises clocks. */
const STEP_MHZ = 6.25;

export interface TunePartProps {
  readonly tuning: Tuning;
  readonly chainIndex: number;
  readonly onChanged: (chainIndex: number | null) => void;
}

interface FrequencyFormProps extends TunePartProps {
  /** Null: no chip is chosen in the map. */
  readonly chipIndex: number | null;
}

export function FrequencyForm({ tuning, chainIndex, chipIndex, onChanged }: FrequencyFormProps) {
  const { client } = useKit();
  const { answer, isBusy, order } = useOrdering();
  const now = nowMhz(tuning, chainIndex, chipIndex);
  const [wish, setWish] = useState<string | null>(null);
  const [chosen, setPlace] = useState<Place>("chip");
  const place: Place = chipIndex === null && chosen === "chip" ? "chain" : chosen;
  // What was typed for one chip is not meant for another.
  useEffect(() => setWish(null), [chipIndex, place]);
  const { min, max, reason } = tuning.limits.frequencyMhz;
  const send = async (value: { frequencyMhz?: number; changeMhz?: number }): Promise<void> => {
    const target = place === "all" ? null : chainIndex;
    const command: Command = {
      kind: "tuneFrequency",
      chainIndex: target,
      ...(place === "chip" && chipIndex !== null ? { chipIndex } : {}),
      ...value,
    };
    const isMore = (value.changeMhz ?? (value.frequencyMhz ?? now) - now) > 0;
    const where =
      place === "all" ? "all chains" : place === "chain" ? `chain ${chainIndex}` : `chip ${chainIndex}.${chipIndex}`;
    const given = await order(() => client.order(command), isMore ? faster(where) : null);
    if (given?.ok === true) onChanged(target);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send({ frequencyMhz: Number(wish ?? now) });
      }}
    >
      <fieldset>
        <legend>Frequency</legend>
        <div class="acts">
          <label>
            Of{" "}
            <select value={place} onChange={({ currentTarget }) => setPlace(currentTarget.value as Place)}>
              {chipIndex !== null && <option value="chip">chip {chipIndex} alone</option>}
              <option value="chain">chain {chainIndex}</option>
              <option value="all">all chains</option>
            </select>
          </label>
          <label>
            MHz{" "}
            <input
              type="number"
              min={min}
              max={max}
              step="any"
              required
              value={wish ?? fixedInput(now)}
              aria-describedby="mhz-limits"
              onInput={({ currentTarget }) => setWish(currentTarget.value)}
            />
          </label>
          <button type="submit" disabled={isBusy}>
            Set
          </button>
          <StepButtons isBusy={isBusy} onStep={(changeMhz) => void send({ changeMhz })} />
        </div>
        <p id="mhz-limits" class="quiet note">
          {fixed(min)} to {fixed(max)} MHz: {reason}. Now {fixed(now, 2)} MHz. It goes up in steps of {STEP_MHZ} MHz.
        </p>
        <AnswerLine answer={answer} />
      </fieldset>
    </form>
  );
}

interface StepButtonsProps {
  readonly isBusy: boolean;
  readonly onStep: (changeMhz: number) => void;
}

function StepButtons({ isBusy, onStep }: StepButtonsProps) {
  return (
    <>
      <button type="button" class="plain" disabled={isBusy} onClick={() => onStep(-STEP_MHZ)}>
        {STEP_MHZ} MHz slower
      </button>
      <button type="button" class="plain" disabled={isBusy} onClick={() => onStep(STEP_MHZ)}>
        {STEP_MHZ} MHz faster ...
      </button>
    </>
  );
}

function faster(where: string): Question {
  return {
    title: `Faster clock for ${where}?`,
    text: "The machine draws more power and gets hotter; chips that cannot follow answer wrong. Undo takes it back.",
    act: "Set it",
  };
}

function nowMhz({ chains }: Tuning, chainIndex: number, chipIndex: number | null): number {
  const chain = chains[chainIndex];
  const own = chain?.chips.find((chip) => chip.chipIndex === chipIndex);
  return own?.frequencyMhz ?? chain?.frequencyMhz ?? 0;
}

/** A number field takes no thousands separators. */
function fixedInput(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
