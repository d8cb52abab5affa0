/** An alert as JSON, the same for webhook and MQTT; its fields are explained in docs/MQTT.md. */
import type { FaceView } from "../machine-facts.ts";
import { marketingName } from "../machine-facts.ts";
import { machineId } from "../mqtt/identity.ts";
import type { Severity } from "../outward-options.ts";
import type { AlertEvent, AlertKind } from "./alert-step.ts";

export interface AlertMessage {
  readonly version: 1;
  readonly id: string;
  readonly kind: AlertKind | "test";
  readonly severity: Severity;
  readonly title: string;
  /** `chain 1`, or empty for the whole machine. */
  readonly part: string;
  readonly text: string;
  /** How long it has stood. */
  readonly stands_s: number;
  /** By this board's clock; it may be wrong before the time was set. */
  readonly at: string;
  readonly machine: {
    readonly id: string;
    readonly model: string;
    readonly hostname: string | null;
    readonly address: string | null;
    /** What is not real in this machine; null = nothing. */
    readonly emulated: string | null;
  };
}

export function alertMessage(event: AlertEvent, view: FaceView): AlertMessage {
  const { id, kind, severity, title, part, text, standsMs } = event;
  return {
    version: 1,
    id,
    kind,
    severity,
    title,
    part,
    text,
    stands_s: Math.round(standsMs / 1000),
    at: new Date(view.wallTimeMs).toISOString(),
    machine: machineOf(view),
  };
}

export function testMessage(view: FaceView): AlertMessage {
  const text = "This is a test: alerts of this machine arrive here.";
  const event = { kind: "raised", id: "test", severity: "info", title: "Test", part: "", text, standsMs: 0 } as const;
  return { ...alertMessage(event, view), kind: "test" };
}

function machineOf(view: FaceView): AlertMessage["machine"] {
  const { snapshot, facts } = view;
  return {
    id: machineId(view),
    model: marketingName(snapshot.machine),
    hostname: facts.hostname,
    address: facts.ipAddress,
    emulated: snapshot.emulationLabel,
  };
}
