/** The own API's server with nothing behind it. */
import { randomBytes } from "node:crypto";
import { type ApiServer, createApiServer } from "#firmware/api/http/server.ts";
import { ManagementState } from "#firmware/api/http/state.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";

export function bareServer(): ApiServer {
  return createApiServer({
    tls: null,
    clock: new SystemClock(),
    randomBytes,
    state: new ManagementState("9.9.9"),
    readsNeedToken: true,
    sessionMs: 3_600_000,
    webFolder: null,
    order: () => Promise.reject(new Error("nothing is ordered here")),
    query: () => Promise.reject(new Error("nothing is asked here")),
    history: () => ({ timesMs: [], values: [] }),
    chipHistory: () => ({ ok: false, message: "" }),
  });
}
