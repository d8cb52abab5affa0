/** Debian's mosquitto with TLS and a password file, on a free port of the loopback interface. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Started, start, temporaryFolder } from "../../support/program.ts";

const TLS = fileURLToPath(new URL("../../fixtures/tls/", import.meta.url));
export const AUTHORITY_FILE = path.join(TLS, "ca.pem");
export const USER = "miner";
export const PASSWORD = "correct-horse-battery";
const PROGRAMS = ["mosquitto", "mosquitto_passwd"];

export interface Broker {
  readonly tlsPort: number;
  readonly plainPort: number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** @throws Error that says what to install where the peer is missing: a test that skips it would prove nothing. */
export async function broker(): Promise<Broker> {
  const places = (process.env["PATH"] ?? "").split(":").concat("/usr/sbin");
  const missing = PROGRAMS.filter((name) => !places.some((place) => fs.existsSync(path.join(place, name))));
  if (missing.length > 0)
    throw new Error(`${missing.join(" and ")} not found: apt-get install mosquitto (or run .ci/install-packages)`);
  const folder = temporaryFolder();
  const [tlsPort, plainPort] = [await freePort(), await freePort()];
  const passwords = path.join(folder, "passwords");
  execFileSync("mosquitto_passwd", ["-c", "-b", passwords, USER, PASSWORD], { stdio: "ignore" });
  const file = path.join(folder, "mosquitto.conf");
  fs.writeFileSync(
    file,
    `${process.getuid?.() === 0 ? "user root\n" : ""}persistence false
per_listener_settings true
listener ${tlsPort} 127.0.0.1
certfile ${TLS}pool.pem
keyfile ${TLS}pool.key
allow_anonymous false
password_file ${passwords}
listener ${plainPort} 127.0.0.1
allow_anonymous false
password_file ${passwords}
`,
  );
  let running: Started | null = null;
  return {
    tlsPort,
    plainPort,
    start: async () => {
      running = start(places.map((place) => path.join(place, "mosquitto")).find((name) => fs.existsSync(name)) ?? "", [
        "-c",
        file,
      ]);
      await running.seen(/mosquitto version \S+ running/);
    },
    stop: async () => {
      if (running === null) return;
      process.kill(running.pid, "SIGTERM");
      await running.ended();
      running = null;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
