/** Where the machine is on the network, what it bears, and what it is made of. */
import { usePolled } from "../model/context.ts";
import { withUnit } from "../model/format.ts";
import { Card } from "./card.tsx";
import { Value, Values } from "./value.tsx";

const POLL_MS = 30_000;

export function NetworkCard() {
  const { data, problem } = usePolled("/machine", POLL_MS);
  if (data === null) return problem === null ? null : <Card title="Network">{<p class="bad">{problem}</p>}</Card>;
  const { network, hardware, kernelVersion, nodeVersion } = data;
  return (
    <Card title="Network and hardware" testId="network">
      <Values>
        <Value name="Host name" text={network.hostname} />
        <Value
          name="Address"
          text={network.ipAddress}
          reason="no network is connected"
          note={[network.device, network.netmask && `netmask ${network.netmask}`].filter(Boolean).join(", ")}
        />
        <Value name="MAC address" text={network.macAddress} />
        <Value name="Gateway" text={network.gateway} reason="there is no way out of this network" />
        <Value name="Name servers" text={network.dnsServers?.join(", ") || null} reason="the system names none" />
        {network.tlsFingerprint256 !== null && (
          <Value name="Certificate (SHA-256)" text={network.tlsFingerprint256.replace(/(.{8})(?=.)/g, "$1 ")} />
        )}
        <Value
          name="System"
          text={kernelVersion === null ? null : `Linux ${kernelVersion}`}
          note={`Node ${nodeVersion}`}
        />
        {hardware !== null && (
          <>
            <Value
              name="Chips"
              text={`${hardware.chains} × ${hardware.chipsPerChain} ${hardware.chip}`}
              note={hardware.hashboards.map(({ chainIndex, text }) => `chain ${chainIndex}: ${text}`).join("; ")}
            />
            <Value
              name="Power goes off above"
              text={`${withUnit(hardware.limits.boardMaxC, "°C")} (board), ${withUnit(hardware.limits.chipMaxC, "°C")} (chip)`}
            />
            <Value
              name="Clock and voltage may be"
              text={`${range(hardware.limits.frequencyMhz)} MHz`}
              note={
                hardware.limits.voltageMv === null ? "the voltage is fixed" : `${range(hardware.limits.voltageMv)} mV`
              }
            />
          </>
        )}
      </Values>
    </Card>
  );
}

function range({ min, max }: { readonly min: number; readonly max: number }): string {
  return `${min} to ${max}`;
}
