/** Who may sign in: tokens without their secrets, new ones, and the end of old ones. */
import { useState } from "preact/hooks";
import type { Given } from "../model/api-types.ts";
import { useKit, usePolled } from "../model/context.ts";
import { useDraft } from "../model/drafts.ts";
import { clockTime } from "../model/format.ts";
import { Act } from "./act.tsx";
import { AnswerLine } from "./answer-line.tsx";

const SCOPES = { read: "sees everything", control: "pauses, restarts, steers", admin: "changes everything" } as const;
type Scope = keyof typeof SCOPES;

export function TokenList() {
  const { data, problem, reload } = usePolled("/tokens");
  const [revoked, setRevoked] = useState<Given | null>(null);
  // Its own line goes with the token.
  const noteRevoked = (answer: Given): void => {
    setRevoked(answer.ok ? answer : null);
    reload();
  };
  return (
    <>
      {problem !== null && <p class="bad">{problem}</p>}
      <ul>
        {data?.tokens.map((token) => (
          <li key={token.id}>
            <strong>{token.name}</strong> ({token.scope}), made {clockTime(token.createdAtWallMs)}, id {token.id}{" "}
            <Act
              command={{ kind: "revokeToken", id: token.id }}
              question={{
                title: `Revoke token ${token.name}?`,
                text: "Whoever uses it is locked out at once, this page too if it was signed in with it. It cannot be brought back.",
                act: "Revoke",
              }}
              onDone={noteRevoked}
              isGrave
            >
              Revoke {token.name} ...
            </Act>
          </li>
        ))}
      </ul>
      <AnswerLine answer={revoked} />
      <NewToken onMade={reload} />
    </>
  );
}

function NewToken({ onMade }: { readonly onMade: () => void }) {
  const { drafts } = useKit();
  const [name, setName] = useDraft(drafts, "token name", "");
  const [scope, setScope] = useState<Scope>("read");
  const [fresh, setFresh] = useDraft<string | null>(drafts, "token", null);
  const take = (answer: Given): void => {
    if (answer.ok) {
      setFresh(answer.token ?? null);
      setName("");
    }
    onMade();
  };
  return (
    <fieldset>
      <legend>New token</legend>
      <div class="acts">
        <label>
          Name{" "}
          <input
            value={name}
            maxLength={40}
            autocomplete="off"
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <label>
          It{" "}
          <select value={scope} onChange={({ currentTarget }) => setScope(currentTarget.value as Scope)}>
            {Object.entries(SCOPES).map(([id, meaning]) => (
              <option key={id} value={id}>
                {meaning} ({id})
              </option>
            ))}
          </select>
        </label>
      </div>
      <Act command={{ kind: "createToken", name, scope }} onDone={take} isOff={name === ""}>
        Make a token
      </Act>
      {fresh !== null && (
        <p class="notice warn">
          <label>
            Note it now, it is never shown again:{" "}
            <input readOnly size={48} value={fresh} onFocus={({ currentTarget }) => currentTarget.select()} />
          </label>{" "}
          <button type="button" class="plain" onClick={() => setFresh(null)}>
            I have noted it
          </button>
        </p>
      )}
    </fieldset>
  );
}
