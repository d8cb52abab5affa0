/** Which pools are there, what they said, and which shall be. */
import type { Pool } from "../model/api-types.ts";
import { useSettings, useSnapshot } from "../model/context.ts";
import { big, fixed } from "../model/format.ts";
import { Card } from "../parts/card.tsx";
import { PoolEditor } from "../parts/pool-editor.tsx";
import { ReceiptTable } from "../parts/receipt-table.tsx";
import { RestartHint } from "../parts/restart-hint.tsx";
import { Unknown } from "../parts/value.tsx";

export function PoolsPage() {
  const snapshot = useSnapshot();
  const { data: settings, problem, reload } = useSettings();
  const isPending = settings?.pendingRestart.some((key) => key.startsWith("pool_groups")) ?? false;
  return (
    <div class="cards">
      <Card title="Pools now" isWide testId="pools">
        {snapshot === null ? (
          <p>Unknown until the miner tells.</p>
        ) : (
          <>
            <p>{snapshot.poolReason}.</p>
            <PoolTable pools={snapshot.pools} />
          </>
        )}
      </Card>
      <Card title="Pools by your settings" isWide>
        {isPending && (
          <div class="notice warn">
            <p>What is saved is not in force yet: it takes a restart.</p>
            <RestartHint />
          </div>
        )}
        {problem !== null && <p class="bad">{problem}</p>}
        {settings !== null && <PoolEditor settings={settings} onSaved={reload} />}
      </Card>
      <Card title="Receipts" isWide testId="receipts">
        <ReceiptTable />
      </Card>
    </div>
  );
}

const TITLES = ["Pool", "State", "Difficulty", "Accepted", "Rejected", "Stale", "Lost", "Best share", "Connections"];

function PoolTable({ pools }: { readonly pools: readonly Pool[] }) {
  const hasGroups = new Set(pools.map(({ group }) => group)).size > 1;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrows
    <section class="scroll" tabIndex={0} aria-label="Table of pools">
      <table>
        <thead>
          <tr>
            {TITLES.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {pools.map((pool, i) => (
            <tr key={`${i} ${pool.url}`}>
              <th scope="row">
                {i + 1}. {pool.url}
                <span class="quiet note">
                  {" "}
                  as {pool.user}
                  {hasGroups ? `, group ${pool.group + 1}` : ""}
                </span>
              </th>
              <td class={toneOf(pool)}>
                {pool.isWorking ? "worked for: " : ""}
                {pool.state}
                <span class="quiet note">
                  {" "}
                  {[pool.reason, pool.lastNotice, ...pool.warnings].filter(Boolean).join("; ")}
                </span>
              </td>
              <td>{pool.difficulty === null ? <Unknown /> : fixed(pool.difficulty, pool.difficulty < 10 ? 3 : 0)}</td>
              <td>{fixed(pool.shares.accepted)}</td>
              <td>
                {fixed(pool.shares.rejected)}
                {pool.shares.lastRejectText !== "" && <span class="quiet note"> {pool.shares.lastRejectText}</span>}
              </td>
              <td>{fixed(pool.shares.stale)}</td>
              <td>{fixed(pool.shares.lost)}</td>
              <td>{big(pool.shares.bestDifficulty)}</td>
              <td>
                {pool.connects} {pool.family ?? ""}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function toneOf({ isWorking, state }: Pool): string {
  return isWorking ? "good" : state === "mining" || state === "waiting" || state === "idle" ? "" : "bad";
}
