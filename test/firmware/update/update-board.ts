/** A board with an updater that is only remembered, and the way to an update on it. */
import { expect } from "vitest";
import { createLog } from "#firmware/log.ts";
import { type Shown, UpdateDesk } from "#firmware/update/update-desk.ts";
import type { Updater } from "#firmware/update/updater.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { KumpelError } from "#hal/errors.ts";
import { machine } from "../api/cgminer/face-fixture.ts";

export const MIB = 1 << 20;
export const WISH = { isForced: false, clearsSettings: false };
export const HASHING: Shown = { snapshot: machine(), isPausedByOwner: false, isManagementAnswering: true };

/** A board with two slots, whose flash and boot loader outlive its boots. */
export class Board {
  readonly store = new MemoryStore();
  booted = "A";
  next = "A";
  bad = new Set<string>();
  versions: Record<string, string> = { A: "0.1.0", B: "" };
  bundle = { compatible: "s9", version: "0.2.0" };
  signature = true;
  hasUpdater = true;
  freeBytes = 60 * MIB;
  cardHash: string | null = null;
  boots = 1;
  uptimeMs = 0;
  readonly rebooted: string[] = [];
  readonly incidents: string[] = [];
  removed = 0;
  cleared = 0;
  percents: (number | null)[] = [];
  /** What the boot loader keeps. */
  pledge: string | null = null;
  isLoaderStuck = false;
  markTries = 0;

  readonly updater: Updater = {
    status: () => {
      if (!this.hasUpdater) return Promise.reject(new KumpelError("UPDATE_FAILED", "no rauc here"));
      const slot = (name: string) => ({ name, isGood: !this.bad.has(name) && this.versions[name] !== "" });
      return Promise.resolve({ compatible: "s9", booted: slot(this.booted), other: slot(this.#other) });
    },
    inspect: () =>
      this.signature
        ? Promise.resolve(this.bundle)
        : Promise.reject(new KumpelError("UPDATE_FAILED", "RAUC refuses: signature verification failed")),
    install: (_file, onProgress) => {
      onProgress(40);
      this.percents.push(this.desk.status.progressPercent);
      this.versions[this.#other] = this.bundle.version;
      this.next = this.#other;
      return Promise.resolve("installed");
    },
    markGood: () => {
      this.markTries++;
      if (this.isLoaderStuck) return Promise.reject(new KumpelError("UPDATE_FAILED", "RAUC refuses: no environment"));
      return Promise.resolve(void this.bad.delete(this.booted));
    },
    markBad: () => Promise.resolve(void this.bad.add(this.booted)),
    activateOther: () => {
      this.next = this.#other;
      return Promise.resolve();
    },
    pledge: () => Promise.resolve(this.pledge),
    keepPledge: (line) => {
      if (this.isLoaderStuck) return Promise.reject(new KumpelError("UPDATE_FAILED", "no environment"));
      this.pledge = line;
      return Promise.resolve();
    },
  };
  desk: UpdateDesk = this.#desk();

  get #other(): string {
    return this.booted === "A" ? "B" : "A";
  }

  async boot(): Promise<void> {
    this.booted = this.bad.has(this.next) ? (this.next === "A" ? "B" : "A") : this.next;
    this.boots++;
    this.uptimeMs = 20_000;
    await this.beginAgain();
  }

  async beginAgain(): Promise<void> {
    this.desk = this.#desk();
    await this.desk.start();
    this.desk.onIncident((text) => this.incidents.push(text));
  }

  async look(shown: Shown, forMs = 0): Promise<void> {
    for (let ms = 0; ms <= forMs; ms += 1_000) {
      this.desk.look(shown);
      await settled();
      this.uptimeMs += 1_000;
    }
  }

  #desk(): UpdateDesk {
    return new UpdateDesk({
      log: createLog("silent"),
      store: this.store,
      updater: this.updater,
      place: {
        bundleFile: "/data/update.raucb",
        cardFile: "/boot/kumpel-update.raucb",
        bootId: () => Promise.resolve(`boot ${this.boots}`),
        uptimeMs: () => this.uptimeMs,
        freeBytes: () => Promise.resolve(this.freeBytes),
        removeBundle: () => Promise.resolve(void this.removed++),
        hashOf: () => Promise.resolve(this.cardHash),
      },
      version: this.versions[this.booted] ?? "",
      proveMs: () => 900_000,
      reboot: (reason) => this.rebooted.push(reason),
      clearSettings: () => Promise.resolve(void this.cleared++),
    });
  }
}

/** All that was begun is done: it waits for nothing but promises. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 60; i++) await Promise.resolve();
}

export async function begun(): Promise<Board> {
  const board = new Board();
  await board.beginAgain();
  return board;
}

export async function updated(wish = WISH): Promise<Board> {
  const board = await begun();
  await board.look(HASHING);
  expect((await board.desk.stage(20 * MIB)).ok).toBe(true);
  expect(await board.desk.install(wish)).toMatchObject({ ok: true, message: expect.stringContaining("0.2.0") });
  await settled();
  return board;
}
