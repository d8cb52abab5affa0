/**
 * Runs in the guest of power-cut.mjs, as the firmware of the slot that booted: `node guest-update.cjs SLOT good|bad`. It reads the
 * settings, lets the update desk do what a boot asks for, installs the next version with the real RAUC and changes the settings all
 * the while. A version proves itself at once, or never.
 */
import fs from "node:fs";
import os from "node:os";
import { createLog } from "#firmware/log.ts";
import { updatePlace } from "#firmware/platform/update-place.ts";
import { RaucUpdater } from "#firmware/update/rauc.ts";
import { type Shown, UpdateDesk } from "#firmware/update/update-desk.ts";
import { HOLD_MS } from "#firmware/update/update-machine.ts";
import { FolderStore } from "#hal/linux/folder-store.ts";
import { runProgram } from "#hal/linux/run-program.ts";

const DATA = "/data/kumpel";
const SETTINGS = "settings.toml";
const PROVE_MS = 900_000;
const [slot = "", verdict = "good"] = process.argv.slice(2);

const say = (text: string): void => void fs.writeSync(1, `${text}\n`);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Some kilobytes, so that half of one would show. */
function settingsText(number: number): string {
  return `begin ${number}\n${"# a setting\n".repeat(300)}end ${number}\n`;
}

function runningVersion(): string {
  const device = fs.openSync(`/dev/vda${slot === "A" ? 2 : 3}`, "r");
  const head = Buffer.alloc(32);
  fs.readSync(device, head, 0, 32, 0);
  fs.closeSync(device);
  return /^root (\S+)\n/.exec(head.toString("latin1"))?.[1] ?? "";
}

function checkSettings(text: string | null): number {
  if (text === null) {
    say("SETTINGS none");
    return 0;
  }
  const number = Number(/^begin (\d+)\n/.exec(text)?.[1]);
  say(
    text === settingsText(number) ? `SETTINGS whole ${number}` : `SETTINGS TORN ${JSON.stringify(text.slice(0, 80))}`,
  );
  return number;
}

async function until(what: string, predicate: () => boolean): Promise<void> {
  for (let i = 0; i < 1_200; i++) {
    if (predicate()) return;
    await sleep(50);
  }
  say(`NEVER ${what}`);
}

async function main(): Promise<void> {
  const store = await FolderStore.open(DATA);
  let number = checkSettings(await store.read(SETTINGS));
  const version = runningVersion();
  let addedMs = 0;
  const order = { toBoot: false };
  const desk = new UpdateDesk({
    log: createLog("silent"),
    store,
    updater: new RaucUpdater(runProgram),
    place: { ...updatePlace(DATA), uptimeMs: () => os.uptime() * 1000 + addedMs },
    version,
    proveMs: () => PROVE_MS,
    reboot: (reason) => {
      order.toBoot = true;
      say(`REBOOT ${reason}`);
    },
    clearSettings: () => Promise.resolve(),
  });
  desk.onIncident((text) => say(`INCIDENT ${text}`));
  await desk.start();
  say(
    `RUNS ${version} in ${slot}, ${desk.status.state}${desk.status.isUpdatable ? "" : `, ${desk.status.reason ?? ""}`}`,
  );
  const changing = (async () => {
    while (!order.toBoot) {
      await store.write(SETTINGS, settingsText(++number));
      say(`WROTE ${number}`);
      await sleep(30);
    }
  })();
  if (desk.status.state === "provingItself") {
    await prove(desk, (ms) => {
      addedMs += ms;
    });
  }
  if (desk.status.isUpdatable && !order.toBoot) await installNext(desk);
  await until("the order to boot", () => order.toBoot);
  await changing;
}

async function prove(desk: UpdateDesk, pass: (ms: number) => void): Promise<void> {
  const shown: Shown = {
    snapshot: {
      chains: [],
      hashrate: { expectedThs: null, recentMeasuredThs: null } as unknown as NonNullable<Shown["snapshot"]>["hashrate"],
      thermal: { phase: "regulating", reason: "" } as unknown as NonNullable<Shown["snapshot"]>["thermal"],
      pauseReason: null,
      uptimeMs: 1,
    },
    isPausedByOwner: false,
    isManagementAnswering: verdict === "good",
  };
  desk.look(shown);
  await sleep(100);
  pass(verdict === "good" ? HOLD_MS : PROVE_MS);
  desk.look(shown);
  await until("the proof", () => desk.status.state !== "provingItself");
  say(`PROVED ${desk.status.state}`);
}

/** The bundle lies on a second disk, as if a client had sent it. */
async function installNext(desk: UpdateDesk): Promise<void> {
  const staged = await desk.stage(fs.statSync("/media/update.raucb").size);
  if (!staged.ok) return say(`REFUSED ${staged.message}`);
  fs.copyFileSync("/media/update.raucb", `${DATA}/update.raucb`);
  say("INSTALLS");
  const answer = await desk.install({ isForced: true, clearsSettings: false });
  if (!answer.ok) say(`REFUSED ${answer.message}`);
}

void main();
