/** From nothing to the first share in four steps; what is done stays done, so that one may go on later. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { browser } from "../browser.ts";
import type { Settings } from "../model/api-types.ts";
import { useKit, useSettings, useSnapshot } from "../model/context.ts";
import { nextStep, STEPS, type Step, stepsDone } from "../model/first-run.ts";
import { duration } from "../model/format.ts";
import { useStore } from "../model/store.ts";
import { Card } from "../parts/card.tsx";
import { PoolEditor } from "../parts/pool-editor.tsx";
import { RestartHint } from "../parts/restart-hint.tsx";
import { SettingsForm } from "../parts/settings-form.tsx";

const NOTED = "firstRun.token";
const SKIPPED = "firstRun.name";

const TITLES: Readonly<Record<Step, string>> = {
  token: "Note your token",
  name: "Name the miner",
  pool: "Enter a pool",
  share: "See the first share",
};

export function FirstRunPage() {
  const snapshot = useSnapshot();
  const { data: settings, reload } = useSettings();
  const [isTokenNoted, noteToken] = useState(browser.recall(NOTED) === "yes");
  const [isNameSkipped, skipName] = useState(browser.recall(SKIPPED) === "yes");
  const done = stepsDone({ isTokenNoted, isNameSkipped, settings, snapshot });
  const next = nextStep(done);
  const remember = (key: string, note: (isDone: boolean) => void): void => {
    browser.remember(key, "yes");
    note(true);
  };
  return (
    <Card
      title={next === null ? "All done" : `Step ${STEPS.indexOf(next) + 1} of 4: ${TITLES[next]}`}
      testId="first-run"
    >
      <ol class="steps">
        <StepItem step="token" done={done} next={next}>
          <p>
            The token that you signed in with is the key to this miner, and its console showed it once. Keep it where
            you keep passwords; a lost one is replaced at the machine itself.
          </p>
          <button type="button" onClick={() => remember(NOTED, noteToken)}>
            I have noted it
          </button>
        </StepItem>
        <StepItem step="name" done={done} next={next}>
          <p>
            With a name of its own the miner is found on your network as NAME.local, if it is announced there. It counts
            from the next start on.
          </p>
          {settings !== null && (
            <SettingsForm settings={settings} prefixes={["network.mdns.hostname"]} onSaved={reload} />
          )}
          <button type="button" class="plain" onClick={() => remember(SKIPPED, skipName)}>
            Go on without a name
          </button>
        </StepItem>
        <StepItem step="pool" done={done} next={next}>
          <p>
            The pool tells you its address and what it wants as user, often an address and a worker's name. Without a
            pool nothing is hashed.
          </p>
          {settings !== null && <PoolEditor settings={settings} onSaved={reload} />}
        </StepItem>
        <StepItem step="share" done={done} next={next}>
          <FirstShare settings={settings} onSaved={reload} />
        </StepItem>
      </ol>
      {next === null && (
        <p class="notice calm" role="status" data-testid="first-share">
          The pool has accepted {snapshot?.pool.shares.accepted} share(s)
          {snapshot?.firstAcceptedShareMs == null
            ? ""
            : `, the first ${duration(snapshot.firstAcceptedShareMs)} after the start`}
          . <a href="#dashboard">To the dashboard</a>
        </p>
      )}
    </Card>
  );
}

/** What is left to do before it, and how far it is. */
function FirstShare({ settings, onSaved }: { readonly settings: Settings | null; readonly onSaved: () => void }) {
  const snapshot = useSnapshot();
  const { live } = useKit();
  const { phase, problem } = useStore(live.state);
  return (
    <>
      <p>
        The chips start, which takes about half a minute, and the pool accepts the first share soon after. This page
        shows it by itself.
      </p>
      {settings !== null && settings.pendingRestart.length > 0 && <RestartHint />}
      {phase === "idle" && settings !== null && settings.pendingRestart.length === 0 && (
        <>
          <p>If it says that something of the machine itself is missing, say it here, and restart.</p>
          <SettingsForm settings={settings} prefixes={["machine."]} onSaved={onSaved} />
        </>
      )}
      <p role="status">
        {snapshot === null ? (problem ?? "The miner starts.") : `${snapshot.pool.state}: ${snapshot.poolReason}.`}
      </p>
    </>
  );
}

interface StepItemProps {
  readonly step: Step;
  readonly done: Readonly<Record<Step, boolean>>;
  readonly next: Step | null;
  readonly children: ComponentChildren;
}

function StepItem({ step, done, next, children }: StepItemProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const wasNext = useRef(next);
  useEffect(() => {
    // Whoever has just done the step before goes on here, by keyboard or ear, too.
    if (step === next && wasNext.current !== next) heading.current?.focus();
    wasNext.current = next;
  }, [step, next]);
  return (
    <li aria-current={step === next ? "step" : undefined}>
      <h3 ref={heading} tabIndex={-1}>
        {TITLES[step]}{" "}
        <span class={done[step] ? "good" : "quiet"}>{done[step] ? "(done)" : step === next ? "" : "(later)"}</span>
      </h3>
      {step === next && children}
    </li>
  );
}
