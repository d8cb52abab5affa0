/**
 * The stock status port (6060): two paths without sign-on. A manager drops the whole machine for a text that it does not
 * expect here, but takes anything except 200 for "nothing known" (public notes on the clients).
 */
import { type FaceView, type MachineFacts, macText } from "../machine-facts.ts";
import { warningText } from "./warnings.ts";

export interface PlainReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Stock's own words for a path that it does not have. */
const UNKNOWN_PATH = "error 6060 cmd";

export function statusReply(view: FaceView | null, method: string, target: string): PlainReply {
  const path = target.split("?")[0];
  if (method !== "GET" && method !== "HEAD") return plain(405, UNKNOWN_PATH);
  if (path === "/warning" && view !== null)
    return { status: 200, contentType: "application/json", body: warningText(view.snapshot) };
  if (path === "/miner_power" && view !== null) return powerReply(view.facts);
  return plain(view === null ? 503 : 404, UNKNOWN_PATH);
}

/** Watts after the first colon. Unknown has no number at all: 0 W would count as a measurement in a site's sum. */
function powerReply({ powerW }: MachineFacts): PlainReply {
  return powerW === null ? plain(404, "miner_power: unknown") : plain(200, `miner_power: ${Math.round(powerW)}`);
}

function plain(status: number, body: string): PlainReply {
  return { status, contentType: "text/plain", body };
}

/** Port of the report that the IP button of a machine sends to everybody on its network. */
export const IP_REPORT_PORT = 14_235;

/** `ADDRESS,MAC`; null while the address is unknown, since nothing else is of use to whoever listens. */
export function ipReportText(facts: MachineFacts): string | null {
  return facts.ipAddress === null ? null : `${facts.ipAddress},${macText(facts)}`;
}
