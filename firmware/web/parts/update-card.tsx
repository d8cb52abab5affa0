/** Another version of the firmware: which runs, a bundle in, how far it is, and the way back. */
import { useState } from "preact/hooks";
import type { UpdateStatus } from "../model/api-types.ts";
import { useKit, usePolled, useSnapshot } from "../model/context.ts";
import { bytes, words } from "../model/format.ts";
import { Act, useOrdering } from "./act.tsx";
import { AnswerLine } from "./answer-line.tsx";
import { Card } from "./card.tsx";
import { Value, Values } from "./value.tsx";

const POLL_MS = 2_000;
const BUSY: readonly UpdateStatus["state"][] = ["staging", "verifying", "installing", "pendingReboot"];

export function UpdateCard() {
  const snapshot = useSnapshot();
  // While nothing is switched on there is no snapshot, and an update may be what mends it.
  const { data } = usePolled(snapshot === null ? "/update" : null, POLL_MS);
  const status = snapshot?.update ?? data;
  if (status == null) return null;
  return (
    <Card title="Update" testId="update">
      <Values>
        <Value name="State" text={words(status.state)} tone={toneOf(status)} note={status.message} />
        {status.slot !== null && <Value name="Runs from slot" text={status.slot} />}
        {status.toVersion !== null && (
          <Value name="Last update" text={`${status.fromVersion ?? "unknown"} to ${status.toVersion}`} />
        )}
      </Values>
      {status.progressPercent !== null && <Progress name="Installing" share={status.progressPercent / 100} />}
      {status.reason !== null && !BUSY.includes(status.state) && (
        <p class="notice calm">No update may begin now: {status.reason}</p>
      )}
      <Bundle isOff={!status.isUpdatable} />
      <Act
        command={{ kind: "goBack" }}
        question={{
          title: "Back to the version in the other slot?",
          text: "Hashboards go off, the board boots the version that ran before, and mines with it: about two minutes without hashing. Settings stay.",
          act: "Go back",
        }}
        isOff={!status.canGoBack}
        isGrave
      >
        Go back to the version before ...
      </Act>
    </Card>
  );
}

function Bundle({ isOff }: { readonly isOff: boolean }) {
  const { client } = useKit();
  const { answer, isBusy, order } = useOrdering();
  const [file, setFile] = useState<File | null>(null);
  const [isForced, setForced] = useState(false);
  const [share, setShare] = useState<number | null>(null);
  const install = async (): Promise<void> => {
    if (file === null) return;
    const send = async () => {
      const given = await client.installUpdate(file, isForced, setShare);
      setShare(null);
      return given;
    };
    await order(send, {
      title: `Install ${file.name}?`,
      text: "The board checks its signature, writes it beside the running version and boots it: hashboards go off for about two minutes. A version that does not show in time that it mines is taken back by itself. Settings, tokens and receipts stay.",
      act: "Install",
    });
  };
  return (
    <>
      <label>
        Bundle (.raucb){" "}
        <input
          type="file"
          accept=".raucb"
          disabled={isOff || isBusy}
          onChange={({ currentTarget }) => setFile(currentTarget.files?.[0] ?? null)}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={isForced}
          disabled={isOff || isBusy}
          onChange={({ currentTarget }) => setForced(currentTarget.checked)}
        />{" "}
        Also a version that is lower than the running one
      </label>
      <div class="acts">
        <button type="button" disabled={isOff || isBusy || file === null} onClick={() => void install()}>
          Install {file === null ? "a bundle" : `${file.name} (${bytes(file.size)})`} ...
        </button>
      </div>
      {share !== null && <Progress name={share < 1 ? "Sending" : "Sent; it is being checked"} share={share} />}
      <AnswerLine answer={answer} />
    </>
  );
}

function Progress({ name, share }: { readonly name: string; readonly share: number }) {
  const percent = Math.round(share * 100);
  return (
    <p>
      <label>
        {name}: {percent} % <progress max={100} value={percent} />
      </label>
    </p>
  );
}

function toneOf({ state }: UpdateStatus): "good" | "warn" | undefined {
  if (state === "committed") return "good";
  return state === "rolledBack" ? "warn" : undefined;
}
