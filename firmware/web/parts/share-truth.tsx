/** Five readings of the same work, from the promise to the money: where a step falls, work is lost. */
import { useState } from "preact/hooks";
import type { Snapshot } from "../model/api-types.ts";
import { fixed, work } from "../model/format.ts";

const WINDOWS: Readonly<Record<keyof Snapshot["truth"], number>> = {
  "1m": 60_000,
  "10m": 600_000,
  "1h": 3_600_000,
  "24h": 86_400_000,
};
type Window = keyof typeof WINDOWS;
const NAMES: readonly Window[] = ["1m", "10m", "1h", "24h"];

const READINGS = {
  expected: "what clock and chips promise",
  reported: "what the chips say that they found",
  verified: "what Kumpel checked and found right",
  submitted: "what was sent to the pool",
  accepted: "what the pool accepted",
} as const satisfies Record<keyof Snapshot["truth"]["1m"], string>;

export function ShareTruth({ snapshot }: { readonly snapshot: Snapshot }) {
  const [window, setWindow] = useState<Window>("10m");
  const row = snapshot.truth[window];
  const windowMs = Math.min(WINDOWS[window], Math.max(snapshot.uptimeMs, 1_000));
  const most = Math.max(...Object.values(row), 1);
  return (
    <div data-testid="truth">
      <label>
        Over the last{" "}
        <select value={window} onChange={({ currentTarget }) => setWindow(currentTarget.value as Window)}>
          {NAMES.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <dl class="bars">
        {Object.entries(READINGS).map(([kind, meaning]) => {
          const hashes = row[kind as keyof typeof READINGS];
          return (
            <div key={kind} class="bar">
              <dt>
                <strong>{kind}</strong>: {meaning}
              </dt>
              <dd>
                <meter min={0} max={most} value={hashes} aria-label={kind} /> {work(hashes, windowMs)}
                <span class="quiet note">
                  {" "}
                  {row.expected === 0 ? "" : `${fixed((100 * hashes) / row.expected)} % of expected`}
                </span>
              </dd>
            </div>
          );
        })}
      </dl>
      <p class="quiet">Submitted and accepted rest on few shares and swing by chance; over an hour they tell more.</p>
    </div>
  );
}
