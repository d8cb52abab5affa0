/** Each fan by itself; one that stands still is named as such. */
import { fixed } from "../model/format.ts";
import { Unknown } from "./value.tsx";

export interface FanListProps {
  readonly fansRpm: readonly (number | null)[];
  readonly dutyPct: number;
}

export function FanList({ fansRpm, dutyPct }: FanListProps) {
  if (fansRpm.length === 0) return <p class="quiet">No fan is driven or watched.</p>;
  return (
    <ul class="fans" aria-label="Fans">
      {fansRpm.map((rpm, fan) => {
        const isStopped = rpm === 0 && dutyPct > 0;
        return (
          <li key={fan} class={isStopped ? "bad" : ""}>
            Fan {fan}: {rpm === null ? <Unknown /> : isStopped ? "STOPPED (0 rpm)" : `${fixed(rpm)} rpm`}
          </li>
        );
      })}
    </ul>
  );
}
