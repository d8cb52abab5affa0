/**
 * Keeps this machine announced: asks whether its names are free, announces them, answers questions, follows a change of
 * address, and says goodbye. RFC 6762 sections 8 (probing, announcing) and 10.1 (goodbye).
 */
import { pause, within } from "#hal/clock.ts";
import { errorText } from "#hal/errors.ts";
import { isRealMac } from "../../platform/route-facts.ts";
import { type MachineFacts, marketingName } from "../machine-facts.ts";
import type { MdnsOptions } from "../outward-options.ts";
import type { OutwardParts } from "../outward-parts.ts";
import { type Asked, type MdnsSocket, mdnsOpener, type OpenMdns } from "./mdns-socket.ts";
import {
  type Announcement,
  additionalsTo,
  answersTo,
  isConflict,
  nameAfter,
  type OwnRecord,
  recordsOf,
  type Said,
} from "./records.ts";

const PROBES = 3;
const PROBE_MS = 250;
const SECOND_ANNOUNCEMENT_MS = 1_000;
/** A change of address, name or model shows within this time. */
const LOOK_MS = 10_000;
/** The same record is not said to all more often. */
const QUIET_MS = 1_000;
/** After that many something else is wrong, and one more name that somebody has would harm both. */
const CONFLICTS_MAX = 20;
const RETRY_MS = 60_000;
const GOODBYE_LIMIT_MS = 300;

export interface MdnsParts extends Pick<OutwardParts, "clock" | "random" | "view" | "say"> {
  readonly facts: () => MachineFacts;
  /** Of the own API. */
  readonly port: number;
  readonly isTls: boolean;
}

export class MdnsAnnouncer {
  readonly #options: MdnsOptions;
  readonly #parts: MdnsParts;
  readonly #open: OpenMdns;
  #socket: MdnsSocket | null = null;
  #conflicts = 0;
  #isAnnounced = false;
  #records: readonly OwnRecord[] = [];
  #saidAtMs = new Map<OwnRecord, number>();
  #hasFailed = false;

  constructor(options: MdnsOptions, parts: MdnsParts, open: OpenMdns = mdnsOpener()) {
    this.#options = options;
    this.#parts = parts;
    this.#open = open;
  }

  /** Until `signal` aborts; says goodbye then. Ends where every name is somebody's. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    do {
      try {
        await this.#runOnce(signal);
      } catch (error) {
        if (!this.#hasFailed) this.#parts.say("warn", `multicast DNS: ${errorText(error)}; trying again every minute`);
        this.#hasFailed = true;
      }
    } while (!this.#isOutOfNames && (await pause(this.#parts.clock, RETRY_MS, signal)));
    if (this.#isOutOfNames && !signal.aborted) this.#giveUp();
  }

  get #isOutOfNames(): boolean {
    return this.#conflicts >= CONFLICTS_MAX;
  }

  #giveUp(): void {
    const { hostname } = this.#wanted(0);
    this.#parts.say(
      "warn",
      `multicast DNS: others have ${hostname}.local and the ${CONFLICTS_MAX - 1} names made from it; this machine is not announced until it starts again: give it a name of its own, network.mdns.hostname`,
    );
  }

  async #runOnce(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const end = new AbortController();
    const stop = (): void => end.abort();
    const trouble: Error[] = [];
    const socket = await this.#open({
      onQuery: (asked) => this.#answer(asked),
      onResponse: (answers) => this.#heard(answers),
      onError: (error) => {
        trouble.push(error);
        end.abort();
      },
    });
    this.#socket = socket;
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      while (await this.#claim(end.signal)) {
        const before = JSON.stringify(this.#records);
        // Until something changes: the names are then claimed anew.
        while (before === JSON.stringify(recordsOf(this.#wanted())) && this.#isAnnounced)
          if (!(await pause(clock, LOOK_MS, end.signal))) break;
        if (end.signal.aborted) break;
      }
      if (this.#isAnnounced && trouble.length === 0)
        this.#say(
          this.#records.map((record) => ({ ...record, ttl: 0 })),
          [],
        );
    } finally {
      signal.removeEventListener("abort", stop);
      this.#isAnnounced = false;
      this.#socket = null;
      await within(clock, GOODBYE_LIMIT_MS, socket.close());
    }
    const [error] = trouble;
    if (error !== undefined) throw error;
  }

  /** Asks for the names, takes the next ones while somebody has them, announces. False: stopped before, or out of names. */
  async #claim(signal: AbortSignal): Promise<boolean> {
    const { clock, random, say } = this.#parts;
    this.#isAnnounced = false;
    for (let probe = 0; probe < PROBES; probe++) {
      if (this.#isOutOfNames) return false;
      const conflicts = this.#conflicts;
      this.#records = recordsOf(this.#wanted());
      const names = new Set(this.#records.filter(({ type }) => type !== "PTR").map(({ name }) => name));
      this.#socket?.ask([...names].map((name) => ({ name, type: "ANY" })));
      if (!(await pause(clock, PROBE_MS * (1 + random.unit()), signal))) return false;
      if (this.#conflicts !== conflicts) probe = -1;
    }
    this.#isAnnounced = true;
    this.#announce();
    const { hostname, port } = this.#wanted();
    say("info", `multicast DNS: announced as ${hostname}.local, port ${port}`);
    if (!(await pause(clock, SECOND_ANNOUNCEMENT_MS, signal))) return false;
    this.#announce();
    return true;
  }

  /** A conflict may have come meanwhile. */
  #announce(): void {
    if (this.#isAnnounced) this.#say(this.#records, []);
  }

  #wanted(conflicts = this.#conflicts): Announcement {
    const { facts, port, isTls, view } = this.#parts;
    const { hostname, ipAddress, version, serialNumber, macAddress } = facts();
    const snapshot = view()?.snapshot ?? null;
    const base = this.#options.hostname ?? hostLabel(hostname);
    const mac = isRealMac(macAddress) ? macAddress.toUpperCase() : null;
    const name = nameAfter(conflicts, base, mac);
    return {
      hostname: name,
      instance: `Kumpel ${name}`,
      address: ipAddress,
      port,
      isTls,
      text: {
        version,
        firmware: `kumpel ${version}`,
        ...(snapshot === null || snapshot.machine === "" ? {} : { model: marketingName(snapshot.machine) }),
        ...(serialNumber === null ? {} : { serial: serialNumber }),
        ...(mac === null ? {} : { mac }),
      },
    };
  }

  #answer(asked: Asked): void {
    if (!this.#isAnnounced) return;
    const answers = answersTo(asked.questions, asked.known, this.#records);
    if (answers.length === 0) return;
    if (asked.isPlain) {
      this.#socket?.respond(answers, additionalsTo(answers, this.#records), asked);
      return;
    }
    const nowMs = this.#parts.clock.nowMs();
    const due = answers.filter((record) => nowMs - (this.#saidAtMs.get(record) ?? -QUIET_MS) >= QUIET_MS);
    if (due.length > 0) this.#say(due, additionalsTo(answers, this.#records));
  }

  #heard(answers: readonly Said[]): void {
    if (this.#isOutOfNames || !isConflict(answers, this.#records)) return;
    this.#conflicts++;
    this.#isAnnounced = false;
    // Many may have the same name: what the next of them says is no word against the new one.
    this.#records = recordsOf(this.#wanted());
  }

  #say(records: readonly OwnRecord[], additionals: readonly OwnRecord[]): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const record of records) this.#saidAtMs.set(record, nowMs);
    if (this.#saidAtMs.size > 4 * this.#records.length) this.#saidAtMs = new Map(records.map((r) => [r, nowMs]));
    this.#socket?.respond(records, additionals, null);
  }
}

/** The first part of a host's name, as far as it may stand in a name of the network. */
function hostLabel(hostname: string | null): string {
  const label = (hostname?.split(".")[0] ?? "").replaceAll(/[^a-z0-9-]/gi, "-").replaceAll(/^-+|-+$/g, "");
  return label === "" ? "kumpel" : label.slice(0, 50);
}
