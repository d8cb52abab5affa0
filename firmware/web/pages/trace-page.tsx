/** Recording of traffic, and the last decisions of the firmware. */
import { useState } from "preact/hooks";
import { traceFile } from "../model/api-client.ts";
import type { Command } from "../model/api-types.ts";
import { usePolled } from "../model/context.ts";
import { bytes, duration } from "../model/format.ts";
import { Act } from "../parts/act.tsx";
import { Card } from "../parts/card.tsx";
import { TrafficView } from "../parts/traffic-view.tsx";
import { Value, Values } from "../parts/value.tsx";

const POLL_MS = 2_000;

export function TracePage() {
  return (
    <div class="cards">
      <TrafficView />
      <Recording />
      <Decisions />
    </div>
  );
}

function Recording() {
  const { data, problem, reload } = usePolled("/trace", POLL_MS);
  const [name, setName] = useState("kumpel.trace");
  const [maxMib, setMax] = useState("64");
  const [keep, setKeep] = useState<"oldest" | "newest">("oldest");
  const start: Command = { kind: "startTrace", name, maxMib: Number(maxMib), keep };
  return (
    <Card title="Record chip and pool traffic" isWide testId="trace">
      <p>
        Every byte of the chains and every line of the pools goes into a file of the board's data folder; users'
        passwords and other secrets are masked. <code>kumpel trace decode FILE</code> reads it.
      </p>
      {problem !== null && <p class="bad">{problem}</p>}
      {data !== null && (
        <Values>
          <Value name="Recording" text={data.isOn ? "on" : "off"} tone={data.isOn ? "good" : undefined} />
          {data.path !== null && (
            <Value name="File" text={data.path} note={`${bytes(data.bytes)}${data.isFull ? ", full" : ""}`} />
          )}
          {data.lostEvents > 0 && <Value name="Events lost" text={String(data.lostEvents)} tone="warn" />}
          {data.failure !== null && <Value name="Trouble" text={data.failure} tone="bad" />}
        </Values>
      )}
      <div class="acts">
        <label>
          File name{" "}
          <input value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} autocomplete="off" />
        </label>
        <label>
          MiB at most{" "}
          <input
            type="number"
            min={1}
            max={1024}
            value={maxMib}
            onInput={({ currentTarget }) => setMax(currentTarget.value)}
          />
        </label>
        <label>
          When it is full, keep the{" "}
          <select value={keep} onChange={({ currentTarget }) => setKeep(currentTarget.value as typeof keep)}>
            <option value="oldest">oldest</option>
            <option value="newest">newest</option>
          </select>
        </label>
      </div>
      <div class="acts">
        <Act
          command={start}
          question={{
            title: `Record into ${name}?`,
            text: "An older file of that name is lost. Recording costs the board some work and up to that much room on its disk.",
            act: "Record",
          }}
          onDone={reload}
          isOff={data?.isOn === true}
        >
          Start recording ...
        </Act>
        <Act command={{ kind: "stopTrace" }} onDone={reload} isOff={data?.isOn !== true}>
          Stop recording
        </Act>
        {data?.path != null && (
          <a class="button" href={traceFile(data.path)} download data-testid="trace-file">
            Save {fileName(data.path)}
          </a>
        )}
      </div>
    </Card>
  );
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function Decisions() {
  const { data, problem } = usePolled("/decisions", POLL_MS);
  const [filter, setFilter] = useState("");
  const [isHeld, hold] = useState(false);
  const [held, setHeld] = useState(data);
  const shown = (isHeld ? held : data)?.decisions.filter(({ machine, reason }) =>
    `${machine} ${reason}`.toLowerCase().includes(filter.toLowerCase()),
  );
  return (
    <Card title="Last decisions" isWide testId="decisions">
      <p class="quiet">What the firmware decided and did, with its reason; newest first.</p>
      {problem !== null && <p class="bad">{problem}</p>}
      <div class="acts">
        <label>
          Show only what contains{" "}
          <input type="search" value={filter} onInput={({ currentTarget }) => setFilter(currentTarget.value)} />
        </label>
        <button
          type="button"
          class="plain"
          aria-pressed={isHeld}
          onClick={() => {
            setHeld(data);
            hold(!isHeld);
          }}
        >
          {isHeld ? "Go on" : "Hold still"}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrows */}
      <section class="tall" tabIndex={0} aria-label="Decisions">
        <ul class="log">
          {[...(shown ?? [])].reverse().map(({ agoMs, machine, input, actions, reason }, i) => (
            <li key={`${machine} ${i}`}>
              <span class="quiet">{duration(agoMs)} ago</span> <strong>{machine}</strong>: {actions.join(", ")}:{" "}
              {reason} <span class="quiet">(on {input})</span>
            </li>
          ))}
        </ul>
      </section>
    </Card>
  );
}
