/** Why it stopped: incidents with the first cause first, then the log, then who ordered what. */
import { useState } from "preact/hooks";
import { SUPPORT } from "../model/api-client.ts";
import type { Incident, Snapshot } from "../model/api-types.ts";
import { usePolled, useSnapshot } from "../model/context.ts";
import { clockTime, duration, words } from "../model/format.ts";
import { LEVEL_NAMES, logLine, matches } from "../model/log-lines.ts";
import { Card } from "../parts/card.tsx";

const LOG_POLL_MS = 3_000;
const SHOWN_MAX = 200;

export function IncidentsPage() {
  const snapshot = useSnapshot();
  return (
    <div class="cards">
      {snapshot !== null && <IncidentCard snapshot={snapshot} />}
      <Card title="Log" isWide testId="log">
        <Log />
      </Card>
      <Card title="Who ordered what" isWide>
        <Audit />
      </Card>
      <Card title="Support bundle" isWide>
        <p>
          One file with figures, settings, incidents, log, decisions and the recording of the black box, for whoever
          helps you. Tokens, passwords and other secrets are not in it; pool users and addresses are.
        </p>
        <a class="button" href={SUPPORT} download="kumpel-support.json">
          Save the support bundle
        </a>
      </Card>
    </div>
  );
}

function IncidentCard({
  snapshot: { shutdownReason, whyRestarted, recentIncidents },
}: {
  readonly snapshot: Snapshot;
}) {
  const [filter, setFilter] = useState("");
  const shown = recentIncidents.filter(({ kind, text }) =>
    `${words(kind)} ${text}`.toLowerCase().includes(filter.toLowerCase()),
  );
  const runs = [...new Set(shown.map(({ run }) => run))].reverse();
  return (
    <Card title="Incidents" isWide testId="incidents">
      {shutdownReason !== null && (
        <p class="notice bad">
          <strong>Shut down:</strong> {shutdownReason}. <a href="#dashboard">Acknowledge it on the dashboard.</a>
        </p>
      )}
      <p>
        <strong>Why it last stopped or started anew:</strong> {whyRestarted ?? "nothing is known of an earlier run"}
      </p>
      <label>
        Show only what contains{" "}
        <input type="search" value={filter} onInput={({ currentTarget }) => setFilter(currentTarget.value)} />
      </label>
      {shown.length === 0 && (
        <p class="quiet">{recentIncidents.length === 0 ? "Nothing happened yet." : "Nothing matches."}</p>
      )}
      {runs.map((run) => (
        <section key={run}>
          <h3>Run {run}, first cause first</h3>
          <ol>
            {shown
              .filter((incident) => incident.run === run)
              .map((incident) => (
                <IncidentItem key={`${incident.uptimeMs} ${incident.text}`} incident={incident} />
              ))}
          </ol>
        </section>
      ))}
    </Card>
  );
}

const GRAVE: readonly Incident["kind"][] = ["shutdown", "uncleanEnd", "chainDisabled", "hang"];

function IncidentItem({ incident: { atWallMs, uptimeMs, kind, chainIndex, text } }: { readonly incident: Incident }) {
  return (
    <li>
      <span class={GRAVE.includes(kind) ? "bad" : ""}>
        <strong>{words(kind)}</strong>
        {chainIndex === null ? "" : ` (chain ${chainIndex})`}
      </span>
      : {text}{" "}
      <span class="quiet note">
        {clockTime(atWallMs)}, {duration(uptimeMs)} into the run
      </span>
    </li>
  );
}

function Log() {
  const { data, problem } = usePolled("/logs", LOG_POLL_MS);
  const [minLevel, setLevel] = useState(10);
  const [filter, setFilter] = useState("");
  if (problem !== null) return <p class="bad">{problem}</p>;
  if (data === null) return <p class="quiet">Loading ...</p>;
  const lines = data.lines.map(logLine).filter((line) => matches(line, minLevel, filter));
  return (
    <>
      <div class="acts">
        <label>
          At least{" "}
          <select value={String(minLevel)} onChange={({ currentTarget }) => setLevel(Number(currentTarget.value))}>
            {Object.entries(LEVEL_NAMES).map(([level, name]) => (
              <option key={level} value={level}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Containing{" "}
          <input type="search" value={filter} onInput={({ currentTarget }) => setFilter(currentTarget.value)} />
        </label>
        <span class="quiet">
          {lines.length} of {data.lines.length} lines, newest first
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrows */}
      <section class="tall" tabIndex={0} aria-label="Lines of the log">
        <ul class="log">
          {lines
            .slice(-SHOWN_MAX)
            .reverse()
            .map(({ time, level, part, text, more }, i) => (
              <li key={`${time} ${text} ${i}`}>
                <span class="quiet">{time.slice(11, 23)}</span>{" "}
                <span class={level >= 50 ? "bad" : level >= 40 ? "warn" : ""}>{LEVEL_NAMES[level] ?? level}</span>{" "}
                {part}: {text} <span class="quiet">{more}</span>
              </li>
            ))}
        </ul>
      </section>
    </>
  );
}

function Audit() {
  const { data, problem } = usePolled("/audit", LOG_POLL_MS);
  if (problem !== null) return <p class="bad">{problem}</p>;
  if (data === null) return <p class="quiet">Loading ...</p>;
  if (data.entries.length === 0) return <p class="quiet">Nobody ordered anything yet.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrows
    <section class="tall" tabIndex={0} aria-label="Orders">
      <ul class="log">
        {data.entries
          .slice(-SHOWN_MAX)
          .reverse()
          .map(({ atWallMs, actor, command, ok, message }) => (
            <li key={`${atWallMs} ${command} ${actor}`}>
              <span class="quiet">{clockTime(atWallMs)}</span> {actor}: {words(command)},{" "}
              <span class={ok ? "good" : "bad"}>{ok ? "accepted" : "refused"}</span>: {message}
            </li>
          ))}
      </ul>
    </section>
  );
}
