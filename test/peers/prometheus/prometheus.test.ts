/** Prometheus itself: promtool has nothing to complain of in our page, and a real server scrapes it and answers queries. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FREE_PORTS, type Started, startProgram, temporaryFolder } from "../../support/program.ts";

const folder = temporaryFolder();
let miner: Started;
let server: ChildProcess | null = null;
let metricsPort = 0;

beforeAll(async () => {
  for (const program of ["promtool", "prometheus"])
    if (spawnSync(program, ["--version"]).error !== undefined)
      throw new Error(`${program} is not installed: apt-get install prometheus (Debian), or run .ci/install-packages`);
  miner = startProgram("run", "--demo", "--link", "memory", ...FREE_PORTS);
  await miner.seen(/"faces":\{[^}]*"metrics":\d+/);
  metricsPort = Number(/"metrics":(\d+)/.exec(miner.stderr())?.[1]);
  await miner.seen(/"to":"hashing"/);
}, 90_000);

afterAll(async () => {
  server?.kill("SIGTERM");
  miner.child.kill("SIGTERM");
  await miner.ended();
});

async function page(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  expect(response.status).toBe(200);
  return response.text();
}

test("promtool check metrics finds nothing", async () => {
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input: await page(),
    encoding: "utf8",
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
});

test("promtool would find what is wrong", async () => {
  const wrong = `${await page()}\nminer_nonsense{x="1" 3\n`;
  expect(spawnSync("promtool", ["check", "metrics"], { input: wrong }).status).not.toBe(0);
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

interface QueryAnswer {
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
}

test("a real server scrapes us, and its queries give what the machine says", async () => {
  const port = await freePort();
  const config = path.join(folder, "prometheus.yml");
  fs.writeFileSync(
    config,
    `global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: miner\n    static_configs: [ { targets: ["127.0.0.1:${metricsPort}"] } ]\n`,
  );
  server = spawn(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  const query = async (expression: string): Promise<QueryAnswer["data"]["result"]> => {
    for (let i = 0; i < 240; i++) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      try {
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`);
        const { result } = ((await response.json()) as QueryAnswer).data;
        if (result.length > 0) return result;
      } catch {
        // Not up yet.
      }
    }
    throw new Error(`Prometheus has no answer to ${expression}`);
  };
  expect((await query('up{job="miner"} == 1'))[0]?.value[1]).toBe("1");
  const chains = await query("count(kumpel_chain_expected_hashrate_hashes_per_second) == 3");
  expect(chains[0]?.value[1]).toBe("3");
  const hashrate = await query("sum(kumpel_chain_expected_hashrate_hashes_per_second) > 1.5e14");
  expect(Number(hashrate[0]?.value[1])).toBeLessThan(3e14);
  // Every series that the page has now is there under its name, and nothing else is.
  const told = new Set([...(await page()).matchAll(/^(\w+)(?:\{.*\})? \S+$/gm)].map((match) => match[1] ?? ""));
  expect(told.size).toBeGreaterThan(30);
  const scraped = await query('count by (__name__)({job="miner", __name__=~"kumpel_.*"})');
  const names = new Set(scraped.map(({ metric }) => metric["__name__"] ?? ""));
  expect([...told].filter((name) => name.startsWith("kumpel_") && !names.has(name))).toEqual([]);
  expect([...names].filter((name) => !told.has(name))).toEqual([]);
}, 120_000);
