/** Order, addresses and groups of the pools, as a form made from the board's own list of settings. */
import type { Constraint, Settings } from "../model/api-types.ts";
import { useKit } from "../model/context.ts";
import { useEditedPools } from "../model/edited-pools.ts";
import {
  addPool,
  emptyGroup,
  GROUP_PREFIX,
  groupsOf,
  movePool,
  POOL_PREFIX,
  type PoolDraft,
  removePool,
  setField,
} from "../model/pool-draft.ts";
import { useStore } from "../model/store.ts";
import { useOrdering } from "./act.tsx";
import { AnswerLine } from "./answer-line.tsx";
import { PoolTester } from "./pool-tester.tsx";
import { RestartHint } from "./restart-hint.tsx";
import { SettingField } from "./setting-field.tsx";

const FIRST = ["url", "user", "password"];

export interface PoolEditorProps {
  readonly settings: Settings;
  readonly onSaved: () => void;
}

export function PoolEditor({ settings, onSaved }: PoolEditorProps) {
  const { client } = useKit();
  const { answer, isBusy, order } = useOrdering();
  const { stored, draft, isEdited, isOvertaken, edit, discard, questionBeforeSaving } = useEditedPools(settings);
  const quota = settings.constraints.find(({ key }) => key === `${GROUP_PREFIX}quota`);
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const poolGroups = groupsOf(draft, settings.constraints);
    const question = await questionBeforeSaving();
    const given = await order(() => client.order({ kind: "setPoolGroups", poolGroups }), question);
    if (given?.ok !== true) return;
    discard();
    onSaved();
  };
  return (
    <form onSubmit={(event) => void save(event)} noValidate data-testid="pool-editor">
      {draft.map((group, g) => (
        <fieldset key={g}>
          <legend>{draft.length === 1 ? "Pools in the order of preference" : `Group ${g + 1}`}</legend>
          {draft.length > 1 && quota !== undefined && (
            <SettingField
              constraint={quota}
              text={group.quota}
              isChanged={group.quota !== stored[g]?.quota}
              onText={(text) => edit(draft.map((one, i) => (i === g ? { ...one, quota: text } : one)))}
            />
          )}
          {group.pools.map((pool, p) => (
            <PoolFields
              key={p}
              number={p}
              count={group.pools.length}
              pool={pool}
              stored={stored[g]?.pools[p] ?? {}}
              constraints={settings.constraints}
              onText={(name, text) => edit(setField(draft, g, p, name, text))}
              onMove={(by) => edit(movePool(draft, g, p, by))}
              onRemove={() => edit(removePool(draft, g, p))}
            />
          ))}
          <button type="button" class="plain" onClick={() => edit(addPool(draft, g))}>
            Add a pool {draft.length === 1 ? "in reserve" : `to group ${g + 1}`}
          </button>
        </fieldset>
      ))}
      <div class="acts">
        <button type="submit" disabled={isBusy || !isEdited}>
          Save pools
        </button>
        <button type="button" class="plain" onClick={() => edit([...draft, emptyGroup()])}>
          Add a group that shares the hashrate
        </button>
        {isEdited && (
          <button type="button" class="plain" onClick={discard}>
            Discard
          </button>
        )}
      </div>
      {isOvertaken && (
        <p class="notice warn" role="status">
          Other pools were saved since you began to edit: saving yours replaces them, Discard shows them.
        </p>
      )}
      <p class="quiet note">
        A test connects, signs in and waits for work, without mining; nothing is saved by it. While a pool does not
        answer, the next in the order is mined for.
      </p>
      <AnswerLine answer={answer} />
      {answer?.ok === true && answer.effect === "afterRestart" && <RestartHint />}
    </form>
  );
}

interface PoolFieldsProps {
  readonly number: number;
  readonly count: number;
  readonly pool: PoolDraft;
  readonly stored: PoolDraft;
  readonly constraints: readonly Constraint[];
  readonly onText: (name: string, text: string) => void;
  readonly onMove: (by: -1 | 1) => void;
  readonly onRemove: () => void;
}

function PoolFields({ number, count, pool, stored, constraints, onText, onMove, onRemove }: PoolFieldsProps) {
  // A machine that waits for a pool starts with it at once.
  const isIdle = useStore(useKit().live.state).phase === "idle";
  const fields = constraints
    .filter(({ key }) => key.startsWith(POOL_PREFIX))
    .map((constraint) => ({ constraint, name: constraint.key.slice(POOL_PREFIX.length) }));
  const field = ({ constraint, name }: (typeof fields)[number]) => (
    <SettingField
      key={name}
      constraint={{ ...constraint, needsRestart: constraint.needsRestart && !isIdle }}
      text={pool[name] ?? ""}
      isChanged={(pool[name] ?? "") !== (stored[name] ?? "")}
      isRequired={name === "url" || name === "user"}
      onText={(text) => onText(name, text)}
    />
  );
  return (
    <fieldset>
      <legend>
        Pool {number + 1}
        {number === 0 ? "" : " (in reserve)"}
      </legend>
      {fields.filter(({ name }) => FIRST.includes(name)).map(field)}
      <details>
        <summary>Proxy, TLS and more</summary>
        {fields.filter(({ name }) => !FIRST.includes(name)).map(field)}
      </details>
      <PoolTester number={number} pool={pool} constraints={constraints} />
      <div class="acts">
        <button type="button" class="plain" disabled={number === 0} onClick={() => onMove(-1)}>
          Prefer pool {number + 1} more
        </button>
        <button type="button" class="plain" disabled={number === count - 1} onClick={() => onMove(1)}>
          Prefer pool {number + 1} less
        </button>
        <button type="button" class="plain" onClick={onRemove}>
          Remove pool {number + 1}
        </button>
      </div>
    </fieldset>
  );
}
