/** `GET /metrics` as a reply without sockets: whoever has a web server mounts it. */
import { type FaceParts, viewOf } from "../machine-facts.ts";
import { METRICS_CONTENT_TYPE, metricsText } from "./exposition.ts";

export interface MetricsReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** 503 before the first snapshot: a scrape then counts as failed, which is the truth. */
export function metricsReply(parts: Pick<FaceParts, "snapshot" | "facts" | "clock">): MetricsReply {
  // Without `idle`: a machine that does nothing has no figures.
  const view = viewOf({ snapshot: parts.snapshot, facts: parts.facts, clock: parts.clock });
  return view === null
    ? { status: 503, contentType: "text/plain; charset=utf-8", body: "the miner has just begun\n" }
    : { status: 200, contentType: METRICS_CONTENT_TYPE, body: metricsText(view) };
}
