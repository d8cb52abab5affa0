// node api-clients.mjs PORT AUTHORIZATION SOCKETS REQUESTS_PER_S: clients that read the own API, each over a connection of its
// own, until they are ended; then says how many good answers a second there were.
import http from "node:http";

const [port, authorization, sockets, perS] = process.argv.slice(2);
const PATHS = ["/api/v1/summary", "/api/v1/snapshot", "/api/v1/chains/0/chips", "/api/v1/pools"];
const periodMs = 1000 / Number(perS);
const beganAtMs = performance.now();
let answers = 0;

for (let i = 0; i < Number(sockets); i++) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  let isBusy = false;
  let at = i;
  const timer = () =>
    setInterval(() => {
      // One that is not answered yet is not followed by another.
      if (isBusy) return;
      isBusy = true;
      const options = { host: "127.0.0.1", port, agent, path: PATHS[at++ % PATHS.length], headers: { authorization } };
      const done = () => {
        isBusy = false;
      };
      const taken = (/** @type {http.IncomingMessage} */ response) => {
        if (response.statusCode === 200) answers++;
        response.resume().on("end", done);
      };
      http.get(options, taken).on("error", done);
    }, periodMs);
  setTimeout(timer, (i * periodMs) / Number(sockets));
}

process.on("SIGTERM", () => {
  console.log(Math.round(answers / ((performance.now() - beganAtMs) / 1000)));
  process.exit();
});
