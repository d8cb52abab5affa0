/**
 * Run by the H16 test in a network and mount namespace of its own, where a link-local address and a dead one can be had:
 * dials every written form and says what came of it.
 */
import net from "node:net";
import { parsePoolUrl } from "#firmware/stratum/pool-url.ts";
import { errorText } from "#hal/errors.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";

const CONNECT_TIMEOUT_MS = 8_000;

async function listen(host: string, port: number): Promise<net.Server> {
  const server = net.createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: host.includes(":") }, resolve);
  });
  return server;
}

async function dial(text: string): Promise<object> {
  try {
    const { host, port, url } = parsePoolUrl(text);
    const beganAtMs = Date.now();
    const link = await new SocketNetwork().connect({
      host,
      port,
      timeoutMs: CONNECT_TIMEOUT_MS,
      signal: new AbortController().signal,
    });
    const answer = await new Promise<string>((resolve) => {
      link.onData((chunk) => resolve(Buffer.from(chunk).toString()));
      link.write("hello");
    });
    const tookMs = Date.now() - beganAtMs;
    link.close();
    return { text, url, family: link.family, answer, tookMs };
  } catch (error) {
    return { text, error: errorText(error) };
  }
}

async function main(): Promise<void> {
  const servers = [await listen("::", 3333), await listen("127.0.0.1", 3333)];
  const results = [];
  for (const text of process.argv.slice(2)) results.push(await dial(text));
  for (const server of servers) server.close();
  process.stdout.write(JSON.stringify(results));
  process.exit(0);
}

void main();
