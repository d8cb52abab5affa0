// node api-clients.mjs PORT AUTHORIZATION SOCKETS REQUESTS_PER_S: clients that read the own API, each over a connection of its
// own, until they are ended.
import http from "node:http";

const [port, authorization, sockets, perS] = process.argv.slice(2);
const PATHS = ["/api/v1/summary", "/api/v1/snapshot", "/api/v1/chains/0/chips", "/api/v1/pools"];
const periodMs = 1000 / Number(perS);

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
      http.get(options, (response) => response.resume().on("end", done)).on("error", done);
    }, periodMs);
  setTimeout(timer, (i * periodMs) / Number(sockets));
}
