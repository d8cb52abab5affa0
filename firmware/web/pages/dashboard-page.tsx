/** What an owner sees first: what it does and why, then the figures. */
import type { Snapshot } from "../model/api-types.ts";
import { useSnapshot } from "../model/context.ts";
import { duration, fixed, hashrate, withUnit } from "../model/format.ts";
import { whyOf } from "../model/why.ts";
import { Act } from "../parts/act.tsx";
import { Card } from "../parts/card.tsx";
import { ChainTable } from "../parts/chain-table.tsx";
import { FanList } from "../parts/fan-list.tsx";
import { Later } from "../parts/later.tsx";
import { SetUpHint } from "../parts/set-up-hint.tsx";
import { ShareTruth } from "../parts/share-truth.tsx";
import { Value, Values } from "../parts/value.tsx";

const NO_POWER = "nothing in this machine that Kumpel reads measures it";

export function DashboardPage() {
  const snapshot = useSnapshot();
  if (snapshot === null)
    return (
      <>
        <p>Waiting for the first figures of the miner ...</p>
        <SetUpHint />
      </>
    );
  return (
    <>
      <WhyLine snapshot={snapshot} />
      <Later>
        <SetUpHint />
      </Later>
      <Alarms snapshot={snapshot} />
      <div class="cards">
        <HashrateCard snapshot={snapshot} />
        <Card title="Power and efficiency">
          <Values>
            <Value name="Hashboards" text={snapshot.isPowerOn ? "power is on" : "power is off"} />
            <Value name="Power at the wall" text={null} reason={NO_POWER} />
            <Value name="Efficiency" text={null} reason="it takes the power to reckon it" />
          </Values>
        </Card>
        <HeatCard snapshot={snapshot} />
        <PoolCard snapshot={snapshot} />
        <Later>
          <Card title="Chains" isWide>
            <ChainTable chains={snapshot.chains} />
          </Card>
          <Card title="Share truth" isWide>
            <ShareTruth snapshot={snapshot} />
          </Card>
        </Later>
      </div>
    </>
  );
}

function WhyLine({ snapshot }: { readonly snapshot: Snapshot }) {
  const { tone, state, text } = whyOf(snapshot);
  return (
    <section class={`why ${tone}`} aria-label="What the miner does, and why" data-testid="why">
      <p>
        <strong>{state}.</strong> {text}
      </p>
      {snapshot.shutdownReason !== null && (
        <Act
          command={{ kind: "acknowledgeShutdown" }}
          question={{
            title: "Let it start again?",
            text: `It was shut down: ${snapshot.shutdownReason}. If the cause is still there, it may do harm before it is shut down again. Power comes on at once.`,
            act: "Acknowledge and start",
          }}
        >
          Acknowledge ...
        </Act>
      )}
      {snapshot.pauseReason !== null && snapshot.shutdownReason === null && (
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
      )}
    </section>
  );
}

function Alarms({ snapshot: { alarms } }: { readonly snapshot: Snapshot }) {
  if (alarms.length === 0) return null;
  return (
    <section class="notice warn" aria-label="To look at" data-testid="alarms">
      <ul>
        {alarms.map((alarm) => (
          <li key={alarm}>{alarm}</li>
        ))}
      </ul>
    </section>
  );
}

function HashrateCard({
  snapshot: { hashrate: rate, uptimeMs, prescribedWaitMs, version },
}: {
  readonly snapshot: Snapshot;
}) {
  const { recentMeasuredThs: now, expectedThs, measuredThs } = rate;
  const share = now === null || !expectedThs ? null : (100 * now) / expectedThs;
  const reason = prescribedWaitMs > 0 && now === null ? "the chips start" : "no chain hashes yet";
  return (
    <Card title="Hashrate" testId="hashrate">
      <Values>
        <Value
          name="Now"
          text={hashrate(now)}
          reason={reason}
          isBig
          note={share === null ? undefined : `${share.toFixed(0)} % of what is expected`}
        />
        <Value
          name="Expected"
          text={hashrate(expectedThs)}
          reason="it follows from clocks and chips, once they are set"
        />
        <Value name="Average since the start" text={hashrate(measuredThs)} reason={reason} />
        <Value name="Running since" text={duration(uptimeMs)} note={`Kumpel ${version}`} />
      </Values>
    </Card>
  );
}

function hottest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function HeatCard({ snapshot: { chains, thermal } }: { readonly snapshot: Snapshot }) {
  return (
    <Card title="Temperatures and fans" testId="heat">
      <Values>
        <Value
          name="Hottest board"
          text={withUnit(hottest(chains.map((c) => c.temperatureBoardMaxC)), "°C", 1)}
          reason="no board sensor is believed"
          isBig
        />
        <Value
          name="Hottest chip"
          text={withUnit(hottest(chains.map((c) => c.temperatureChipMaxC)), "°C", 1)}
          reason="no chip told its temperature yet"
        />
        <Value name="Fan duty" text={withUnit(thermal.fanDutyPct, "%")} note={`${thermal.reason}.`} />
      </Values>
      <FanList fansRpm={thermal.fansRpm} dutyPct={thermal.fanDutyPct} />
    </Card>
  );
}

function PoolCard({ snapshot: { pool, poolReason, firstAcceptedShareMs } }: { readonly snapshot: Snapshot }) {
  const { shares } = pool;
  return (
    <Card title="Pool" testId="pool">
      <Values>
        <Value
          name={pool.isWorking ? "Mining for" : "Not mining for"}
          text={pool.url === "" ? "no pool" : pool.url}
          note={`${pool.state}: ${pool.reason === "" ? poolReason : pool.reason}`}
          tone={pool.isWorking ? undefined : "warn"}
        />
        <Value
          name="Accepted shares"
          text={fixed(shares.accepted)}
          isBig
          note={
            firstAcceptedShareMs === null
              ? "the first one is still to come"
              : `the first after ${duration(firstAcceptedShareMs)}`
          }
        />
        <Value
          name="Rejected, stale, lost"
          text={`${shares.rejected}, ${shares.stale}, ${shares.lost}`}
          note={shares.lastRejectText === "" ? undefined : `last: ${shares.lastRejectText}`}
        />
      </Values>
    </Card>
  );
}
