/** What is true of every number on the page: that it is old, or that nothing is switched on, or that chips are emulated. */
import { useEffect, useState } from "preact/hooks";
import { browser } from "../browser.ts";
import { useKit } from "../model/context.ts";
import { duration } from "../model/format.ts";
import { useStore } from "../model/store.ts";

export function ConnectionNotice() {
  const { live } = useKit();
  const { phase, snapshot, problem } = useStore(live.state);
  return (
    <>
      <div role="status" class="notices">
        {phase === "lost" && (
          <div class="notice bad" data-testid="connection-lost">
            <p>
              <strong>Connection lost.</strong> {snapshot === null ? "The miner does not answer." : <Age />} Trying
              again by itself.
            </p>
            <button type="button" onClick={() => live.retry()}>
              Try now
            </button>
          </div>
        )}
        {phase === "idle" && (
          <div class="notice warn" data-testid="idle">
            <p>
              <strong>Nothing is shown yet.</strong> The miner says: {problem?.replace(/\.$/, "")}.
            </p>
          </div>
        )}
      </div>
      {snapshot?.emulationLabel != null && <p class="notice calm">Not a real machine: {snapshot.emulationLabel}.</p>}
      {snapshot !== null && snapshot.experimental.length > 0 && (
        <p class="notice warn">
          <strong>Experimental.</strong> {snapshot.experimental.join("; ")}.
        </p>
      )}
    </>
  );
}

/** Not read out each second: the notice is. */
function Age() {
  const { live } = useKit();
  const [, tick] = useState(0);
  useEffect(() => browser.every(1_000, () => tick((n) => n + 1)), []);
  const ageMs = browser.nowMs() - live.state.value.snapshotAtMs;
  return (
    <>
      What you see is <span aria-hidden="true">{duration(ageMs)} old</span>
      <span class="only-read">old</span>.
    </>
  );
}
