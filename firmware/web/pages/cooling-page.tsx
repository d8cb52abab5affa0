/** Heat, fans, and whether the machine hashes at all. */
import type { Given, Sensors, Snapshot } from "../model/api-types.ts";
import { useKit, usePolled, useSettings, useSnapshot } from "../model/context.ts";
import { useDraft } from "../model/drafts.ts";
import { duration, withUnit } from "../model/format.ts";
import { Act } from "../parts/act.tsx";
import { Card } from "../parts/card.tsx";
import { FanList } from "../parts/fan-list.tsx";
import { SettingsForm } from "../parts/settings-form.tsx";
import { Unknown, Value, Values } from "../parts/value.tsx";

const POLL_MS = 1_500;

export function CoolingPage() {
  const snapshot = useSnapshot();
  const { data: sensors, problem } = usePolled("/sensors", POLL_MS);
  const { data: settings, problem: settingsProblem, reload } = useSettings();
  return (
    <div class="cards">
      {snapshot !== null && <NowCard snapshot={snapshot} />}
      {snapshot !== null && <PauseCard snapshot={snapshot} />}
      {snapshot !== null && <FanCard snapshot={snapshot} onSet={reload} />}
      <Card title="Sensors" isWide testId="sensors">
        {problem !== null && <p class="bad">{problem}</p>}
        {sensors !== null && <SensorTable sensors={sensors} />}
      </Card>
      <Card title="Settings of cooling" isWide>
        <p class="quiet">
          Limits of yours may be tighter than the machine's own, never looser. A fan limit makes the machine rather hash
          slower than get louder; safety may go beyond it.
        </p>
        {settingsProblem !== null && <p class="bad">{settingsProblem}</p>}
        {settings !== null && <SettingsForm settings={settings} prefixes={["cooling."]} onSaved={reload} />}
      </Card>
    </div>
  );
}

function NowCard({ snapshot: { thermal, isPowerOn, watchdogS } }: { readonly snapshot: Snapshot }) {
  return (
    <Card title="Now" testId="thermal">
      <Values>
        <Value name="Control" text={thermal.phase} note={`${thermal.reason}.`} />
        <Value name="Fan duty" text={withUnit(thermal.fanDutyPct, "%")} />
        <Value name="Hashboards" text={isPowerOn ? "power is on" : "power is off"} />
        <Value
          name="Watchdog"
          text={watchdogS === null ? "none" : `resets the board after ${watchdogS} s`}
          note={watchdogS === null ? "nothing would reset a hung program here" : undefined}
        />
      </Values>
      <FanList fansRpm={thermal.fansRpm} dutyPct={thermal.fanDutyPct} />
    </Card>
  );
}

function PauseCard({ snapshot: { pauseReason } }: { readonly snapshot: Snapshot }) {
  return (
    <Card title="Pause and resume" testId="pause">
      <p>{pauseReason === null ? "The machine is not paused." : `Paused: ${pauseReason}.`}</p>
      <div class="acts">
        <Act
          command={{ kind: "pause" }}
          question={{
            title: "Pause hashing?",
            text: "Hashing stops and the hashboards lose their power. It stays so until somebody resumes it, also over restarts.",
            act: "Pause",
          }}
          isGrave
        >
          Pause ...
        </Act>
        <Act
          command={{ kind: "resume" }}
          question={{
            title: "Resume hashing?",
            text: "The hashboards get power and draw it from the wall; the first share takes about half a minute.",
            act: "Resume",
          }}
        >
          Resume ...
        </Act>
      </div>
    </Card>
  );
}

function FanCard({ snapshot, onSet }: { readonly snapshot: Snapshot; readonly onSet: () => void }) {
  const { drafts } = useKit();
  const [draft, setText] = useDraft<string | null>(drafts, "fan duty", null);
  const text = draft ?? String(Math.round(snapshot.thermal.fanDutyPct));
  const dutyPct = Number(text);
  const noteSet = ({ ok }: Given): void => {
    if (ok) setText(null);
    onSet();
  };
  return (
    <Card title="Fixed fan duty">
      <p class="quiet">Fans follow the temperature unless a duty is fixed here. Safety may go beyond it.</p>
      <label>
        Duty in %{" "}
        <input
          type="number"
          min={0}
          max={100}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <div class="acts">
        <Act
          command={() => ({ kind: "setFanDuty", dutyPct })}
          question={() =>
            dutyPct >= snapshot.thermal.fanDutyPct
              ? null
              : {
                  title: `Hold the fans at ${dutyPct} %?`,
                  text: `That is less than the ${snapshot.thermal.fanDutyPct.toFixed(0)} % of now: the machine gets hotter, and hashes slower or stops where that is too hot.`,
                  act: "Hold them",
                }
          }
          onDone={noteSet}
          isOff={text === ""}
        >
          Fix this duty
        </Act>
        <Act command={{ kind: "setFanDuty", dutyPct: null }} onDone={noteSet}>
          Follow the temperature
        </Act>
      </div>
    </Card>
  );
}

function SensorTable({ sensors: { sensors, fans } }: { readonly sensors: Sensors }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrows
    <section class="scroll" tabIndex={0} aria-label="Table of sensors">
      <table>
        <thead>
          <tr>
            <th scope="col">Sensor</th>
            <th scope="col">Temperature</th>
            <th scope="col">Last believed</th>
            <th scope="col">Trouble</th>
          </tr>
        </thead>
        <tbody>
          {sensors.map(({ place, temperatureC, ageMs, problem }) => (
            <tr key={place}>
              <th scope="row">{place}</th>
              <td>{temperatureC === null ? <Unknown /> : withUnit(temperatureC, "°C", 1)}</td>
              <td>{ageMs === null ? "never" : `${duration(ageMs)} ago`}</td>
              <td class={problem === null ? "" : "bad"}>{problem ?? "none"}</td>
            </tr>
          ))}
          {fans.map(({ fan, rpm, isStopped }) => (
            <tr key={fan}>
              <th scope="row">fan {fan}</th>
              <td>{rpm === null ? <Unknown /> : withUnit(rpm, "rpm")}</td>
              <td />
              <td class={isStopped ? "bad" : ""}>{isStopped ? "it stands still" : "none"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
