/**
 * The management plane: a worker thread with the web server. It reads snapshots and can't hold up the mining plane; if
 * it dies it is started again while hashing goes on.
 */
import { parentPort, workerData } from "node:worker_threads";
import Fastify from "fastify";
import { z } from "zod";
import type { MinerSnapshot } from "./snapshot.ts";

/** What the main thread hands to the worker. */
export const managementOptions = z.object({
  role: z.literal("management"),
  host: z.string(),
  /** 0 picks a free port. */
  port: z.number().int().min(0).max(65_535),
  /** True when the port is only a default: then a free one serves as well. */
  isPortDefault: z.boolean(),
  version: z.string(),
});
export type ManagementOptions = z.infer<typeof managementOptions>;

export type ManagementMessage =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

/** Runs in the worker until it is terminated. */
export async function runManagement(): Promise<void> {
  const options = managementOptions.parse(workerData);
  const { app, setSnapshot } = createServer(options.version);
  parentPort?.on("message", setSnapshot);
  try {
    parentPort?.postMessage({ kind: "listening", port: await listen(app, options) } satisfies ManagementMessage);
  } catch (error) {
    const { code = "UNKNOWN", message } = error as NodeJS.ErrnoException;
    parentPort?.postMessage({ kind: "failed", code, message } satisfies ManagementMessage);
  }
}

function createServer(version: string) {
  let snapshot: MinerSnapshot | null = null;
  const app = Fastify({ logger: false, forceCloseConnections: true });
  app.get("/api/v1/snapshot", async (_request, reply) => {
    if (snapshot === null)
      return reply.code(503).send({ error: "the miner has not sent a snapshot yet; try again in a second" });
    return { version, ...snapshot };
  });
  return {
    app,
    setSnapshot: (next: MinerSnapshot): void => {
      snapshot = next;
    },
  };
}

async function listen(app: ReturnType<typeof createServer>["app"], options: ManagementOptions): Promise<number> {
  const { host, port, isPortDefault } = options;
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (!isPortDefault || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    await app.listen({ host, port: 0 });
  }
  const address = app.server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
