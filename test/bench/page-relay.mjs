// Stands between a board and the tabs of its page, so that the board has the work of one tab, whatever the number of tabs
// is: what it answered to a tab that was signed in is answered from memory, and its events come once and go to all.
import http from "node:http";

const HOST = "127.0.0.1";
const EVENTS = /^\/api\/v1\/events\b/;

/** @typedef {{ status: number, headers: http.IncomingHttpHeaders, body: Buffer }} Answer */

/** @param {number} port the board's @returns {Promise<{ port: number, close(): void }>} */
export async function startRelay(port) {
  /** @type {Map<string, Promise<Answer>>} */
  const known = new Map();
  /** @type {Set<http.ServerResponse>} */
  const listeners = new Set();
  /** @type {http.ClientRequest | null} */
  let events = null;

  /** @param {http.IncomingMessage} from @param {(response: http.IncomingMessage) => void} take */
  const ask = (from, take) => {
    const host = `${HOST}:${port}`;
    /** @type {http.OutgoingHttpHeaders} */
    const headers = { ...from.headers, host };
    if (headers["origin"] !== undefined) headers["origin"] = `http://${host}`;
    return http.request({ host: HOST, port, method: from.method, path: from.url, headers }, take);
  };

  /** @param {http.IncomingMessage} from @returns {Promise<Answer>} */
  const whole = (from) =>
    new Promise((resolve, reject) => {
      const request = ask(from, (response) => {
        /** @type {Buffer[]} */
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
        );
      });
      request.on("error", reject);
      from.pipe(request);
    });

  /** @param {http.IncomingMessage} from @param {http.ServerResponse} to */
  const listen = (from, to) => {
    listeners.add(to);
    to.on("close", () => listeners.delete(to));
    to.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" }).flushHeaders();
    if (events !== null) return;
    // Tabs that hear nothing more would be tabs without work: they are cut off, and the next one asks anew.
    const over = () => {
      events = null;
      for (const listener of listeners) listener.destroy();
    };
    events = ask(from, (response) => {
      if (response.statusCode !== 200) return over();
      response.on("data", (part) => {
        for (const listener of listeners) listener.write(part);
      });
      response.on("close", over);
    });
    events.on("error", over).end();
  };

  /** @param {http.IncomingMessage} from @param {http.ServerResponse} to */
  const answer = async (from, to) => {
    const url = from.url ?? "/";
    if (EVENTS.test(url)) return listen(from, to);
    const isShared = from.method === "GET" && from.headers.cookie !== undefined;
    const answering = (isShared ? known.get(url) : undefined) ?? whole(from);
    if (isShared) known.set(url, answering);
    const { status, headers, body } = await answering.catch((error) => {
      known.delete(url);
      throw error;
    });
    if (status !== 200) known.delete(url);
    to.writeHead(status, headers).end(body);
  };

  const server = http.createServer((from, to) => {
    answer(from, to).catch((error) => to.destroy(error));
  });
  await new Promise((resolve) => server.listen(0, HOST, () => resolve(null)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the relay has no port");
  return {
    port: address.port,
    close: () => {
      events?.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
