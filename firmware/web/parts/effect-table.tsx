/** Before and after a change; after means a moment later, when the chips have had time to show it. */
import { useEffect, useState } from "preact/hooks";
import { browser } from "../browser.ts";
import { useKit } from "../model/context.ts";
import { EFFECT_AFTER_MS, errorPctBetween, type Reading, readingOf } from "../model/effect.ts";
import { hashrate, withUnit } from "../model/format.ts";

export interface EffectTableProps {
  readonly before: Reading;
  readonly chainIndex: number | null;
}

export function EffectTable({ before, chainIndex }: EffectTableProps) {
  const { live } = useKit();
  const [after, setAfter] = useState<Reading | null>(null);
  useEffect(
    () =>
      browser.after(EFFECT_AFTER_MS, () => {
        const { snapshot } = live.state.value;
        if (snapshot !== null) setAfter(readingOf(snapshot, chainIndex));
      }),
    [live, chainIndex],
  );
  const rows: readonly (readonly [string, (r: Reading) => string])[] = [
    ["Hashrate", (r) => hashrate(r.measuredThs)],
    ["Expected", (r) => hashrate(r.expectedThs)],
    ["Clock, mean", (r) => withUnit(r.frequencyMhz, "MHz", 2)],
    ["Voltage", (r) => withUnit(r.voltageV, "V", 2)],
    ["Hottest chip", (r) => withUnit(r.temperatureChipMaxC, "°C", 1)],
  ];
  return (
    <table data-testid="effect">
      <caption>Effect of the last change on {chainIndex === null ? "all chains" : `chain ${chainIndex}`}</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">before</th>
          <th scope="col">{EFFECT_AFTER_MS / 1000} s after</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, text]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{text(before)}</td>
            <td>{after === null ? "..." : text(after)}</td>
          </tr>
        ))}
        <tr>
          <th scope="row">Hardware errors since</th>
          <td />
          <td>{after === null ? "..." : withUnit(errorPctBetween(before, after), "%", 2)}</td>
        </tr>
      </tbody>
    </table>
  );
}
