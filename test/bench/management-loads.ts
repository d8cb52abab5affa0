/** What bears on the management plane in its bench. */
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { REQUESTS_PER_S } from "#firmware/api/http/pacer.ts";
import { type Started, tokenHeader } from "../support/program.ts";
import { endGroup, portOf, startOwn } from "./whole-program.ts";

/** Clients are other machines: what their own work costs is not the plane's doing. */
const LIKE_ANOTHER_MACHINE = ["--idle", "0", process.execPath];
const SOCKETS = 50;
const CLIENT_REQUESTS_PER_S = 20;
/** Of what the plane gives at most: fewer good answers are no load. */
const ANSWERED_SHARE = 0.8;
const TABS = 20;
/** They start slowly at the lowest priority. */
const TABS_LIMIT_MS = 300_000;

/** In the worker: what goes wrong there after a while. */
const SABOTAGE: Readonly<Record<string, string>> = {
  ended: "setInterval(() => process.exit(), 3000)",
  memory: "setTimeout(() => { const kept = []; for (;;) kept.push(new Array(1e5).fill(0).map(Math.random)); }, 3000)",
  loop: "setTimeout(() => { for (;;); }, 3000)",
};

/** Nothing bears on anything. */
export const ALONE = "alone";
/** The same tabs behind a relay, which shows the board one of them. */
export const RELAYED = "relayed tabs";
/** To choose from. */
export const LOADS: readonly string[] = ["api", ...Object.keys(SABOTAGE), "tabs"];

/** The program to run under a load: itself, or one whose worker goes wrong. */
export function programUnder(load: string, program: string, folder: string): string {
  const sabotage = SABOTAGE[load];
  if (sabotage === undefined) return program;
  const file = path.join(folder, `${load}.cjs`);
  const real = JSON.stringify(path.resolve(program));
  fs.writeFileSync(
    file,
    `const { isMainThread } = require("node:worker_threads");\nif (!isMainThread) { ${sabotage} }\nrequire(${real});\n`,
  );
  return file;
}

/** Takes the load off; resolves to what is to be said of it. @throws Error when it was none. */
export type Stop = () => Promise<string>;

/** Puts the load on; tabs are there when it resolves. */
export async function startLoad(miner: Started, load: string): Promise<Stop> {
  switch (load) {
    case "api":
      return startClients(miner);
    case "tabs":
    case RELAYED:
      return startTabs(miner, load === RELAYED);
    case ALONE:
      return async () => "";
    default: {
      const before = deathsOf(miner);
      return async () => {
        const deaths = deathsOf(miner) - before;
        // A worker that went on as if nothing were would be no load.
        if (deaths === 0) throw new Error(`the worker never ended\n${miner.stderr()}`);
        return `the worker ended ${deaths} times`;
      };
    }
  }
}

/** A worker that hangs is ended, too, after 20 s. */
function deathsOf(miner: Started): number {
  return miner.stderr().split("management worker ended").length - 1;
}

function startScript(script: string, ...args: string[]): Started {
  const words = [...LIKE_ANOTHER_MACHINE, path.resolve("test/bench", script), ...args];
  return startOwn("chrt", words);
}

async function end(started: Started): Promise<void> {
  const { exitCode, signalCode } = started.child;
  if (exitCode !== null || signalCode !== null) throw new Error(`it ended too early\n${started.stderr()}`);
  started.child.kill("SIGTERM");
  await started.ended();
}

function startClients(miner: Started): Stop {
  const { authorization } = tokenHeader(miner);
  const numbers = [String(SOCKETS), String(CLIENT_REQUESTS_PER_S)];
  const clients = startScript("api-clients.mjs", portOf(miner), authorization, ...numbers);
  return async () => {
    await end(clients);
    const perS = Number(clients.stdout().trim());
    if (!(perS >= ANSWERED_SHARE * REQUESTS_PER_S)) throw new Error(`only ${perS} good answers/s\n${clients.stderr()}`);
    return `${perS} answers/s`;
  };
}

async function startTabs(miner: Started, isRelayed: boolean): Promise<Stop> {
  const token = tokenHeader(miner).authorization.replace("Bearer ", "");
  const args = [portOf(miner), token, String(TABS), ...(isRelayed ? ["relayed"] : [])];
  const browser = startScript("browser-tabs.mjs", ...args);
  const open = browser.child.stdout === null ? Promise.resolve([]) : once(browser.child.stdout, "data");
  const ended = browser.ended(TABS_LIMIT_MS).then(
    (code) => `they ended with ${code}`,
    () => `they were not there within ${TABS_LIMIT_MS / 1000} s`,
  );
  const failure = await Promise.race([open.then(() => null), ended]);
  if (failure !== null) {
    await endGroup(browser);
    throw new Error(`${TABS} tabs of the page: ${failure}\n${browser.stderr()}`);
  }
  return async () => {
    await end(browser);
    const shown = Number(browser.stdout().replace("open", "").trim());
    if (shown !== TABS)
      throw new Error(`only ${shown} of ${TABS} tabs showed the miner in the end\n${browser.stderr()}`);
    return `${shown} tabs`;
  };
}
