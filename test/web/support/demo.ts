/** The real program with its emulated S21, as npm start runs it. */
import net from "node:net";
import { type Started, startProgram, temporaryFolder, tokenHeader } from "../../support/program.ts";

export interface Demo {
  readonly run: Started;
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

/** @param more options of kumpel run. */
export async function startDemo(...more: readonly string[]): Promise<Demo> {
  const port = await freePort();
  const faces = ["cgminer", "stock", "status", "metrics"].flatMap((face) => [`--${face}-port`, "0"]);
  const place = ["--http-port", String(port), ...faces, "--data", temporaryFolder(), "--log-level", "info"];
  const run = startProgram("run", "--demo", "--link", "memory", ...place, ...more);
  await run.seen(/own API listens/);
  return {
    run,
    url: `http://127.0.0.1:${port}/`,
    token: tokenHeader(run).authorization.replace("Bearer ", ""),
    stop: async () => {
      process.kill(run.pid, "SIGTERM");
      await run.ended();
    },
  };
}

/** One that stays the same when the program restarts itself. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
