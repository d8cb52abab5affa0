/** What passes over chains and pool links now, decoded; it costs the board something only while it runs. */
import { useEffect, useState } from "preact/hooks";
import { browser } from "../browser.ts";
import type { TrafficLine } from "../model/api-types.ts";
import { useKit } from "../model/context.ts";
import {
  choicesOf,
  NO_FILTER,
  NO_TRAFFIC,
  placeOf,
  shownLines,
  type TrafficFilter,
  withTraffic,
} from "../model/traffic.ts";
import { Card } from "./card.tsx";

const POLL_MS = 1_000;

export function TrafficView() {
  const { traffic, problem, isOn, turn } = useTraffic();
  const [filter, setFilter] = useState<TrafficFilter>(NO_FILTER);
  const { lines, missed } = traffic;
  const shown = shownLines(lines, filter);
  const choose = (part: keyof TrafficFilter, name: string, choices: readonly string[]) => (
    <label>
      {name}{" "}
      <select
        value={filter[part]}
        onChange={({ currentTarget }) => setFilter({ ...filter, [part]: currentTarget.value })}
      >
        <option value="">all</option>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {part === "direction" ? (choice === "out" ? "from the board" : "to the board") : choice}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Card title="Live traffic" isWide testId="traffic">
      <p class="quiet">
        Frames of the chips and lines of the pools as they pass, newest first; passwords are masked. While it is watched
        the board copies what passes, else nothing.
      </p>
      {problem !== null && <p class="bad">{problem}</p>}
      <div class="acts">
        <button type="button" aria-pressed={isOn} onClick={turn}>
          {isOn ? "Pause" : lines.length === 0 ? "Watch" : "Go on"}
        </button>
        {choose("place", "Where", choicesOf(lines, placeOf))}
        {choose("direction", "Direction", ["in", "out"])}
        {choose(
          "kind",
          "Kind",
          choicesOf(lines, ({ kind }) => kind),
        )}
        <label>
          Contains{" "}
          <input
            type="search"
            value={filter.text}
            onInput={({ currentTarget }) => setFilter({ ...filter, text: currentTarget.value })}
          />
        </label>
      </div>
      {missed > 0 && <p class="note warn">{missed} came faster than they are shown.</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrows */}
      <section class="tall" tabIndex={0} aria-label="Traffic">
        <ul class="log">
          {shown.map((line) => (
            <LineItem key={line.number} line={line} />
          ))}
        </ul>
        {shown.length === 0 && <p class="quiet">{isOn ? "Nothing that fits has passed yet." : "Not watched."}</p>}
      </section>
    </Card>
  );
}

function useTraffic() {
  const { client } = useKit();
  const [traffic, setTraffic] = useState(NO_TRAFFIC);
  const [problem, setProblem] = useState<string | null>(null);
  const [isOn, setOn] = useState(false);
  useEffect(() => {
    if (!isOn) return;
    let state = traffic;
    let isAsking = false;
    let isOver = false;
    const ask = async (): Promise<void> => {
      if (isAsking || document.visibilityState === "hidden") return;
      isAsking = true;
      const got = await client.get(`/traffic?after=${state.last}`);
      isAsking = false;
      if (isOver) return;
      if (got.ok) {
        state = withTraffic(state, got.data);
        setTraffic(state);
      }
      setProblem(got.ok ? null : got.message);
    };
    void ask();
    const stop = browser.every(POLL_MS, () => void ask());
    return () => {
      isOver = true;
      stop();
    };
    // The list goes on from where it was when it was paused.
  }, [client, isOn]);
  return { traffic, problem, isOn, turn: () => setOn(!isOn) };
}

function LineItem({ line }: { readonly line: TrafficLine }) {
  const { atWallMs, direction, text, hex } = line;
  return (
    <li>
      <span class="quiet">{new Date(atWallMs).toISOString().slice(11, 23)}</span> <strong>{placeOf(line)}</strong>{" "}
      {direction === "out" ? "→" : "←"}
      <span class="only-read">{direction === "out" ? "from the board" : "to the board"}</span> {text}
      {hex !== null && <span class="quiet note"> {hex}</span>}
    </li>
  );
}
