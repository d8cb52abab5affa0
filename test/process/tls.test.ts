/** The own API behind TLS, as a client meets it: a self-made certificate that stays the same, and the owner's files. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import type { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import {
  FREE_PORTS,
  runProgram,
  type Started,
  startProgram,
  temporaryFolder,
  tokenHeader,
} from "../support/program.ts";

async function startWith(folder: string, tls: string): Promise<{ miner: Started; port: number }> {
  fs.writeFileSync(path.join(folder, "settings.toml"), `settings_version = 2\n[network.http]\n${tls}\n`);
  const miner = startProgram("run", "--demo", "--link", "memory", "--data", folder, ...FREE_PORTS);
  await miner.seen(/"port":\d+,"msg":"own API listens"/);
  return { miner, port: Number(/"port":(\d+),"msg":"own API listens"/.exec(miner.stderr())?.[1]) };
}

interface Reply {
  readonly status: number;
  readonly fingerprint: string;
  readonly cookie: string;
}

function ask(
  port: number,
  ca: string,
  method: string,
  target: string,
  body: string | null,
  headers: object,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path: target, method, ca, agent: false, headers: { ...headers } };
    const request = https.request(options, (response) => {
      const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
      response.resume();
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          fingerprint: fingerprint256.replaceAll(":", "").toLowerCase(),
          cookie: response.headers["set-cookie"]?.[0] ?? "",
        }),
      );
    });
    request.on("error", reject);
    request.end(body ?? undefined);
  });
}

test("self-made: the certificate names this machine, is kept, and its fingerprint is told", async () => {
  const folder = temporaryFolder();
  const first = await startWith(folder, 'tls = "self_made"');
  const pem = fs.readFileSync(path.join(folder, "tls.pem"), "utf8");
  expect(fs.statSync(path.join(folder, "tls.pem")).mode & 0o777).toBe(0o600);
  const token = tokenHeader(first.miner);
  const health = await ask(first.port, pem, "GET", "/api/v1/health", null, {});
  expect(health.status).toBe(200);
  expect(first.miner.stderr()).toContain(health.fingerprint);
  const body = JSON.stringify({ token: token.authorization.slice("Bearer ".length) });
  const session = await ask(first.port, pem, "POST", "/api/v1/sessions", body, { "content-type": "application/json" });
  expect(session.cookie).toMatch(/HttpOnly; SameSite=Strict; Secure$/);
  // Plain HTTP gets nothing.
  await expect(fetch(`http://127.0.0.1:${first.port}/api/v1/health`)).rejects.toThrow();
  first.miner.child.kill("SIGTERM");
  await first.miner.ended();
  const second = await startWith(folder, 'tls = "self_made"');
  expect((await ask(second.port, pem, "GET", "/api/v1/health", null, {})).fingerprint).toBe(health.fingerprint);
  second.miner.child.kill("SIGTERM");
  await second.miner.ended();
});

test("the owner's files; and files that are missing are one sentence, never plain HTTP", async () => {
  const folder = temporaryFolder();
  const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=miner", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "9",
      "-keyout",
      key,
      "-out",
      cert,
      ...subject,
    ],
    { stdio: "pipe" },
  );
  const { miner, port } = await startWith(
    folder,
    `tls = "files"\ntls_certificate_file = "${cert}"\ntls_key_file = "${key}"`,
  );
  expect((await ask(port, fs.readFileSync(cert, "utf8"), "GET", "/api/v1/health", null, {})).status).toBe(200);
  miner.child.kill("SIGTERM");
  await miner.ended();

  const other = temporaryFolder();
  fs.writeFileSync(path.join(other, "settings.toml"), 'settings_version = 2\n[network.http]\ntls = "files"\n');
  const half = startProgram("run", "--demo", "--link", "memory", "--data", other, ...FREE_PORTS);
  await half.seen(/needs tls_certificate_file and tls_key_file/);
  half.child.kill("SIGTERM");
  await half.ended();
  fs.rmSync(cert);
  fs.writeFileSync(
    path.join(folder, "settings.toml"),
    `settings_version = 2\n[network.http]\ntls = "files"\ntls_certificate_file = "${cert}"\ntls_key_file = "${key}"\n`,
  );
  const gone = startProgram("run", "--demo", "--link", "memory", "--data", folder, ...FREE_PORTS);
  await gone.seen(/tls_certificate_file \\".*cert\.pem\\" cannot be read/);
  // Reachable all the same, and never in plain: with a certificate of its own making.
  await gone.seen(/"port":\d+,"msg":"own API listens"/);
  const gonePort = Number(/"port":(\d+),"msg":"own API listens"/.exec(gone.stderr())?.[1]);
  const made = fs.readFileSync(path.join(folder, "tls.pem"), "utf8");
  expect((await ask(gonePort, made, "GET", "/api/v1/health", null, {})).status).toBe(200);
  await expect(fetch(`http://127.0.0.1:${gonePort}/api/v1/health`)).rejects.toThrow();
  gone.child.kill("SIGTERM");
  await gone.ended();
  expect((await runProgram("config", "check", "--data", folder)).code).toBe(0);
});
