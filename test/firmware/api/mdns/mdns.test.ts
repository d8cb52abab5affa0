/** Multicast DNS: what is said and when, in virtual time; then over a real socket of the loopback interface. */
import multicastDns from "multicast-dns";
import { describe, expect, test } from "vitest";
import { type MachineFacts, viewOf } from "#firmware/api/machine-facts.ts";
import { MdnsAnnouncer } from "#firmware/api/mdns/announcer.ts";
import { type MdnsListeners, mdnsOpener, type OpenMdns } from "#firmware/api/mdns/mdns-socket.ts";
import { type OwnRecord, type Question, recordsOf, type Said } from "#firmware/api/mdns/records.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { faceBench, KNOWN_FACTS } from "../cgminer/face-fixture.ts";

const HTTP = "_http._tcp.local";

interface Response {
  readonly atMs: number;
  readonly answers: readonly OwnRecord[];
  readonly additionals: readonly OwnRecord[];
  readonly isPlain: boolean;
}

function bench(isTls = false) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const responses: Response[] = [];
  const asked: string[][] = [];
  const world = {
    facts: { ...KNOWN_FACTS, hostname: "miner7" } as MachineFacts,
    listeners: null as MdnsListeners | null,
    failure: null as Error | null,
    closed: 0,
  };
  const open: OpenMdns = (listeners) => {
    if (world.failure !== null) return Promise.reject(world.failure);
    world.listeners = listeners;
    return Promise.resolve({
      respond: (answers, additionals, to) => {
        responses.push({ atMs: clock.nowMs(), answers, additionals, isPlain: to !== null });
      },
      ask: (questions) => void asked.push(questions.map(({ name }) => name)),
      close: () => {
        world.closed++;
        return Promise.resolve();
      },
    });
  };
  const announcer = new MdnsAnnouncer(
    { hostname: null },
    {
      clock,
      random: { uint32: () => 0, unit: () => 0 },
      view: () => viewOf({ ...faceBench(), clock }),
      facts: () => world.facts,
      say: (level, text) => void said.push(`${level} ${text}`),
      port: 8080,
      isTls,
    },
    open,
  );
  const stop = new AbortController();
  const ended = announcer.run(stop.signal);
  const hear = (questions: readonly Question[], known: readonly Said[] = [], isPlain = false): void =>
    world.listeners?.onQuery({ questions, known, id: 7, from: { address: "192.0.2.9", port: 5353 }, isPlain });
  return { clock, said, responses, asked, world, stop, ended, hear };
}

function names(records: readonly OwnRecord[], type: string): string[] {
  return records.filter((record) => record.type === type).map(({ name }) => name);
}

describe("in virtual time", () => {
  test("it asks three times for its names, announces twice, and tells what it is", async () => {
    const { clock, asked, responses, said } = bench();
    await clock.advance(749);
    expect(asked).toHaveLength(3);
    expect(asked[0]).toEqual(["Kumpel miner7._http._tcp.local", "Kumpel miner7._kumpel._tcp.local", "miner7.local"]);
    expect(responses).toEqual([]);
    await clock.advance(10_000);
    expect(responses.map(({ atMs }) => atMs)).toEqual([750, 1_750]);
    const answers = responses[0]?.answers ?? [];
    expect(names(answers, "SRV")).toEqual(["Kumpel miner7._http._tcp.local", "Kumpel miner7._kumpel._tcp.local"]);
    expect(answers).toContainEqual({ type: "A", name: "miner7.local", ttl: 120, flush: true, data: "192.0.2.7" });
    const machine = [
      "version=0.1.0",
      "firmware=kumpel 0.1.0",
      "model=Antminer S21",
      "serial=SN-1",
      "mac=28:E2:97:0A:0B:0C",
    ];
    // A browser opens the path of the page; the API's is for managers alone.
    expect(answers.filter(({ type }) => type === "TXT").map(({ data }) => data)).toEqual([
      ["path=/", ...machine],
      ["path=/api/v1", "scheme=http", ...machine],
    ]);
    expect(said).toEqual(["info multicast DNS: announced as miner7.local, port 8080"]);
  });

  test("a port that takes HTTPS only is announced as that", async () => {
    const { clock, responses } = bench(true);
    await clock.advance(10_000);
    const answers = responses[0]?.answers ?? [];
    expect(names(answers, "SRV")).toEqual(["Kumpel miner7._https._tcp.local", "Kumpel miner7._kumpel._tcp.local"]);
    expect(JSON.stringify(answers)).not.toContain(HTTP);
    expect(answers.findLast(({ type }) => type === "TXT")?.data).toContain("scheme=https");
  });

  test("questions are answered with what comes next, known answers are not repeated, floods neither", async () => {
    const { clock, hear, responses } = bench();
    await clock.advance(60_000);
    const before = responses.length;
    hear([{ name: HTTP, type: "PTR" }]);
    expect(responses[before]?.answers).toMatchObject([{ type: "PTR", data: "Kumpel miner7._http._tcp.local" }]);
    expect(responses[before]?.additionals.map(({ type }) => type)).toEqual(["SRV", "TXT", "SRV", "TXT", "A"]);
    for (let i = 0; i < 1_000; i++) hear([{ name: HTTP, type: "PTR" }]);
    expect(responses).toHaveLength(before + 1);
    await clock.advance(2_000);
    const known = [{ type: "PTR", name: HTTP, ttl: 4_000, data: "Kumpel miner7._http._tcp.local" }];
    hear([{ name: HTTP, type: "PTR" }], known);
    hear([{ name: "other.local", type: "A" }]);
    expect(responses).toHaveLength(before + 1);
    hear([{ name: "MINER7.local", type: "ANY" }]);
    expect(responses[before + 1]?.answers).toMatchObject([{ type: "A", data: "192.0.2.7" }]);
    hear([{ name: "miner7.local", type: "A" }], [], true);
    expect(responses[before + 2]?.isPlain).toBe(true);
  });

  test("a name that somebody has becomes another one, before and after it was announced", async () => {
    const { clock, asked, world, responses } = bench();
    const claim = (name: string): void =>
      world.listeners?.onResponse([{ type: "A", name, ttl: 120, data: "192.0.2.99" }]);
    await clock.advance(300);
    claim("Miner7.local");
    await clock.advance(3_000);
    expect(asked.at(-1)).toContain("miner7-0a0b0c.local");
    expect(names(responses[0]?.answers ?? [], "A")).toEqual(["miner7-0a0b0c.local"]);
    claim("miner7-0a0b0c.local");
    // Our own words, heard back, are no conflict.
    world.listeners?.onResponse(
      recordsOf({ hostname: "x", instance: "y", address: "192.0.2.7", port: 1, isTls: false, text: {} }),
    );
    await clock.advance(20_000);
    expect(names(responses.at(-1)?.answers ?? [], "A")).toEqual(["miner7-0a0b0c-2.local"]);
  });

  test("many who have the name at once are one conflict; what is not asked for yet is not announced", async () => {
    const { clock, world, responses } = bench();
    const claim = (): void =>
      world.listeners?.onResponse([{ type: "A", name: "miner7.local", ttl: 120, data: "192.0.2.99" }]);
    await clock.advance(800);
    expect(responses).toHaveLength(1);
    for (let i = 0; i < 40; i++) claim();
    await clock.advance(1_000);
    expect(responses).toHaveLength(1);
    await clock.advance(20_000);
    expect(names(responses.at(-1)?.answers ?? [], "A")).toEqual(["miner7-0a0b0c.local"]);
  });

  test("where every name is somebody's it stays silent, and says so once", async () => {
    const { clock, world, responses, said, asked } = bench();
    const all = (): void => {
      const mine = asked.at(-1)?.at(-1) ?? "";
      world.listeners?.onResponse([{ type: "A", name: mine, ttl: 120, data: "192.0.2.99" }]);
    };
    for (let i = 0; i < 600; i++) {
      all();
      await clock.advance(100);
    }
    expect(responses).toEqual([]);
    expect(world.closed).toBe(1);
    const count = asked.length;
    await clock.advance(3_600_000);
    expect([asked.length, responses]).toEqual([count, []]);
    expect(said).toEqual([expect.stringMatching(/^warn .*others have miner7\.local and the 19 names made from it/)]);
  });

  test("a new address is announced by itself", async () => {
    const { clock, world, responses } = bench();
    await clock.advance(60_000);
    world.facts = { ...world.facts, ipAddress: "192.0.2.8" };
    await clock.advance(15_000);
    expect(responses.at(-1)?.answers).toContainEqual(expect.objectContaining({ type: "A", data: "192.0.2.8" }));
  });

  test("the end is a goodbye: every record with no time to live", async () => {
    const { clock, stop, ended, responses, world } = bench();
    await clock.advance(60_000);
    stop.abort();
    await clock.advance(1);
    await ended;
    expect(new Set(responses.at(-1)?.answers.map(({ ttl }) => ttl))).toEqual(new Set([0]));
    expect(responses.at(-1)?.answers).toHaveLength(9);
    expect(world.closed).toBe(1);
  });

  test("a port that cannot be had is told once and tried again", async () => {
    const { clock, said, world, stop, ended } = bench();
    await clock.advance(1);
    world.listeners?.onError(new Error("bind EADDRINUSE 0.0.0.0:5353"));
    world.failure = new Error("bind EADDRINUSE 0.0.0.0:5353");
    await clock.advance(600_000);
    expect(said).toEqual(["warn multicast DNS: bind EADDRINUSE 0.0.0.0:5353; trying again every minute"]);
    world.failure = null;
    await clock.advance(62_000);
    expect(said).toHaveLength(2);
    stop.abort();
    await clock.advance(1);
    await ended;
  });
});

/** So many machines of one image on one network, switched on together. @returns name and MAC of each that is announced. */
async function hall(count: number, macOf: (n: number) => string | null) {
  const clock = new VirtualClock();
  const listeners: MdnsListeners[] = [];
  const names = new Map<number, string>();
  const warnings: string[] = [];
  const stops: AbortController[] = [];
  let seed = 7;
  const unit = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  const from = { address: "192.0.2.254", port: 5353 };
  const open: OpenMdns = (own) => {
    listeners.push(own);
    return Promise.resolve({
      respond: (answers, additionals, to) => {
        if (to === null) for (const { onResponse } of listeners) onResponse([...answers, ...additionals]);
      },
      ask: (questions) => {
        for (const { onQuery } of listeners) onQuery({ questions, known: [], id: 0, from, isPlain: false });
      },
      close: () => {
        listeners.splice(listeners.indexOf(own), 1);
        return Promise.resolve();
      },
    });
  };
  for (let n = 0; n < count; n++) {
    const facts = { ...KNOWN_FACTS, hostname: "kumpel", ipAddress: `192.0.2.${n + 1}`, macAddress: macOf(n) };
    const say = (level: string, text: string): void => {
      const name = /announced as (\S+)\.local/.exec(text)?.[1];
      if (name !== undefined) names.set(n, name);
      else warnings.push(`${level} ${text}`);
      if (level === "warn") names.delete(n);
    };
    const stop = new AbortController();
    const parts = { clock, random: { uint32: () => 0, unit }, view: () => null, facts: () => facts, say };
    void new MdnsAnnouncer({ hostname: null }, { ...parts, port: 80, isTls: false }, open).run(stop.signal);
    stops.push(stop);
  }
  for (let i = 0; i < 1_200; i++) await clock.advance(100);
  for (const stop of stops) stop.abort();
  return { names, warnings };
}

test("each of sixty machines of one image has a name of its own, which is the end of its MAC address", async () => {
  const tail = (n: number): string => n.toString(16).padStart(2, "0");
  const { names: found, warnings } = await hall(60, (n) => `28:e2:97:0a:0b:${tail(n)}`);
  expect(warnings).toEqual([]);
  expect(found.size).toBe(60);
  for (const [n, name] of found) expect(["kumpel", `kumpel-0a0b${tail(n)}`]).toContain(name);
  expect(new Set(found.values()).size).toBe(60);
});

test("without MAC addresses they count; who finds no name is silent and says so", async () => {
  const { names: found, warnings } = await hall(30, () => null);
  expect(found.size + warnings.length).toBe(30);
  expect(new Set(found.values()).size).toBe(found.size);
  expect(found.size).toBeGreaterThan(10);
});

test("a real asker on the loopback interface finds it, and hears its goodbye", async () => {
  // A port of its own: the machine that tests run on may have a responder on 5353.
  const port = 20_000 + (process.pid % 20_000);
  const asker = multicastDns({ interface: "127.0.0.1", bind: "0.0.0.0", port });
  const heard: Said[] = [];
  const waiting: { isIt: (record: Said) => boolean; resolve: () => void }[] = [];
  asker.on("response", ({ answers }) => {
    for (const record of answers as Said[]) {
      heard.push(record);
      for (const { isIt, resolve } of waiting) if (isIt(record)) resolve();
    }
  });
  const until = (isIt: (record: Said) => boolean): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ isIt, resolve });
      if (heard.some(isIt)) resolve();
    });
  await new Promise<void>((resolve) => asker.once("ready", () => resolve()));
  const stop = new AbortController();
  const announcer = new MdnsAnnouncer(
    { hostname: "miner7" },
    {
      clock: new SystemClock(),
      random: { uint32: () => 0, unit: () => 0 },
      view: () => viewOf(faceBench()),
      facts: () => ({ ...KNOWN_FACTS, ipAddress: "127.0.0.1" }),
      say: () => undefined,
      port: 8080,
      isTls: false,
    },
    mdnsOpener({ address: "127.0.0.1", port }),
  );
  const ended = announcer.run(stop.signal);
  await until(({ type, name, ttl }) => type === "A" && name === "miner7.local" && ttl === 120);
  heard.length = 0;
  asker.query("_kumpel._tcp.local", "PTR");
  await until(({ type, data }) => type === "PTR" && data === "Kumpel miner7._kumpel._tcp.local");
  stop.abort();
  await ended;
  await until(({ type, ttl }) => type === "SRV" && ttl === 0);
  await new Promise<void>((resolve) => asker.destroy(() => resolve()));
  expect(heard.length).toBeGreaterThan(0);
});
