/** The chains side by side. */
import type { Chain } from "../model/api-types.ts";
import { fixed, hashrate, withUnit, words } from "../model/format.ts";
import { Unknown } from "./value.tsx";

const known = (text: string) => (text === "unknown" ? <Unknown /> : text);

export function ChainTable({ chains }: { readonly chains: readonly Chain[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrows
    <section class="scroll" tabIndex={0} aria-label="Table of chains">
      <table data-testid="chains">
        <thead>
          <tr>
            {["Chain", "State", "Chips", "Now", "Expected", "Clock", "Voltage", "Board", "Chip", "Hardware errors"].map(
              (title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {chains.map((chain) => (
            <tr key={chain.index}>
              <th scope="row">{chain.index}</th>
              <td class={toneOf(chain)}>
                {words(chain.state)}
                {chain.state !== "hashing" && chain.reason !== "" && <span class="quiet note"> {chain.reason}</span>}
              </td>
              <td class={isShort(chain) ? "bad" : ""}>
                {chain.chips} of {chain.chipsExpected}
                {isShort(chain) && ` (${chain.chipsExpected - chain.chips} dead)`}
              </td>
              <td>{known(hashrate(chain.hashrate.recentMeasuredThs))}</td>
              <td>{known(hashrate(chain.hashrate.expectedThs))}</td>
              <td>{known(withUnit(chain.frequencyMhz, "MHz", 1))}</td>
              <td>{known(withUnit(chain.voltageV, "V", 2))}</td>
              <td>{known(withUnit(chain.temperatureBoardMaxC, "°C", 1))}</td>
              <td>{known(withUnit(chain.temperatureChipMaxC, "°C", 1))}</td>
              <td>{fixed(chain.nonces.hardwareError)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Chips are counted while a chain starts: before it hashes a smaller number means nothing. */
function isShort({ state, chips, chipsExpected }: Chain): boolean {
  return state === "hashing" && chips < chipsExpected;
}

function toneOf({ state }: Chain): string {
  return state === "disabled" || state === "coolingDown" ? "bad" : state === "hashing" ? "good" : "";
}
