/** Tries a pool as it stands in the form, and shows how far it let us come. */
import { useState } from "preact/hooks";
import type { Constraint, PoolTest } from "../model/api-types.ts";
import { useKit } from "../model/context.ts";
import { fixed } from "../model/format.ts";
import { type PoolDraft, poolOf } from "../model/pool-draft.ts";

const STEP_NAMES = {
  connect: "connected",
  subscribe: "subscribed",
  authorise: "user taken",
  job: "work came",
} as const;

export interface PoolTesterProps {
  readonly number: number;
  readonly pool: PoolDraft;
  readonly constraints: readonly Constraint[];
}

export function PoolTester({ number, pool, constraints }: PoolTesterProps) {
  const { client } = useKit();
  const [isBusy, setBusy] = useState(false);
  const [result, setResult] = useState<PoolTest | string | null>(null);
  const run = async (): Promise<void> => {
    setBusy(true);
    setResult(null);
    const got = await client.testPool(poolOf(pool, constraints));
    setBusy(false);
    setResult(got.ok ? got.data : `Not tested: ${got.message}`);
  };
  return (
    <div class="act" data-testid="pool-test">
      <button type="button" class="plain" disabled={isBusy || !pool["url"]} onClick={() => void run()}>
        Test pool {number + 1}
      </button>
      <div role="status" class="answer">
        {isBusy && <p>Trying it, for eight seconds at most ...</p>}
        {typeof result === "string" && <p class="bad">{result}</p>}
        {result !== null && typeof result === "object" && <Result result={result} />}
      </div>
    </div>
  );
}

function Result({ result: { isGood, message, steps } }: { readonly result: PoolTest }) {
  return (
    <>
      <p class={isGood ? "good" : "bad"}>{message}</p>
      <ol class="inline">
        {steps.map(({ step, afterMs }) => (
          <li key={step} class={afterMs === null ? "quiet" : ""}>
            {STEP_NAMES[step]}: {afterMs === null ? "no" : `after ${fixed(afterMs)} ms`}
          </li>
        ))}
      </ol>
    </>
  );
}
