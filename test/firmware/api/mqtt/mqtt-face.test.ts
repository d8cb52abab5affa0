/** The MQTT face in virtual time, with a broker that does what the test wants. */
import { expect, test } from "vitest";
import type { CommandAnswer } from "#firmware/api/commands.ts";
import { type FaceView, viewOf } from "#firmware/api/machine-facts.ts";
import type { Inbound } from "#firmware/api/mqtt/controls.ts";
import { MqttFace } from "#firmware/api/mqtt/mqtt-face.ts";
import type { Hello, MqttSession } from "#firmware/api/mqtt/session.ts";
import type { MqttOptions } from "#firmware/api/outward-options.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { KumpelError } from "#hal/errors.ts";
import { faceBench, machine } from "../cgminer/face-fixture.ts";

const BASE = "kumpel/28e2970a0b0c";
const OPTIONS: MqttOptions = {
  host: "broker.example",
  port: 1883,
  tls: null,
  user: "miner",
  password: "secret-word",
  baseTopic: null,
  discoveryPrefix: "homeassistant",
  periodMs: 10_000,
  isControlAllowed: true,
};

interface Published {
  readonly topic: string;
  readonly text: string;
  readonly quality: 0 | 1;
  readonly isRetained: boolean;
}

class FakeSession implements MqttSession {
  readonly published: Published[] = [];
  subscribed: readonly string[] = [];
  unsentBytes = 0;
  /** Nothing is confirmed. */
  isStuck = false;
  end = (): Promise<void> => Promise.resolve();
  readonly closed: Promise<string>;
  #close: (why: string) => void = () => {};
  #listener: (message: Inbound) => void = () => {};

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  publish(topic: string, text: string, quality: 0 | 1, isRetained: boolean): Promise<void> {
    this.published.push({ topic, text, quality, isRetained });
    return this.isStuck && quality === 1 ? new Promise(() => {}) : Promise.resolve();
  }

  subscribe(topics: readonly string[]): Promise<void> {
    this.subscribed = topics;
    return Promise.resolve();
  }

  onMessage(listener: (message: Inbound) => void): void {
    this.#listener = listener;
  }

  drop(): void {
    this.#close("dropped");
  }

  breakDown(why: string): void {
    this.#close(why);
  }

  hear(topic: string, text: string, isRetained = false): void {
    this.#listener({ topic, payload: new TextEncoder().encode(text), isRetained });
  }

  texts(topic: string): string[] {
    return this.published.filter((message) => message.topic === topic).map(({ text }) => text);
  }
}

function bench(changes: Partial<MqttOptions> = {}, begin = (view: FaceView): FaceView => view) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const orders: unknown[] = [];
  const sessions: FakeSession[] = [];
  const hellos: Hello[] = [];
  const known = viewOf({ ...faceBench(machine()), clock });
  if (known === null) throw new Error("there is no snapshot");
  const world = {
    known,
    failure: null as Error | null,
    answer: { ok: true, message: "done", effect: "now" } as CommandAnswer,
    /** Orders wait for it. */
    gate: Promise.resolve(),
    view: begin(known) as FaceView | null,
    isStuck: false,
  };
  const face = new MqttFace(
    { ...OPTIONS, ...changes },
    {
      clock,
      random: { uint32: () => 0, unit: () => 0.5 },
      view: () => world.view,
      order: async (command) => {
        orders.push(command);
        await world.gate;
        return world.answer;
      },
      dial: () => Promise.reject(new Error("not dialled here")),
      say: (level, text) => said.push(`${level} ${text}`),
    },
    (hello) => {
      hellos.push(hello);
      if (world.failure !== null) return Promise.reject(world.failure);
      const session = new FakeSession();
      session.isStuck = world.isStuck;
      sessions.push(session);
      return Promise.resolve(session);
    },
  );
  const stop = new AbortController();
  const ended = face.run(stop.signal);
  const session = (): FakeSession => {
    const last = sessions.at(-1);
    if (last === undefined) throw new Error("no connection was made");
    return last;
  };
  return { clock, said, orders, sessions, hellos, world, face, stop, ended, session };
}

const refusedByNobody = new KumpelError("CONNECT_REFUSED", "nobody listens on broker.example port 1883; check it");

test("it introduces itself, says online, then tells its state every period", async () => {
  const { clock, session, hellos, said } = bench();
  await clock.advance(1);
  expect(hellos).toEqual([
    { clientId: "kumpel-28e2970a0b0c", will: { topic: `${BASE}/availability`, payload: "offline" } },
  ]);
  const { published, subscribed } = session();
  expect(subscribed).toEqual(["homeassistant/status", `${BASE}/command`, `${BASE}/set/+`]);
  const order = published.map(({ topic }) => topic.replace(/^homeassistant\/.*/, "discovery"));
  expect([...new Set(order)]).toEqual(["discovery", `${BASE}/availability`, `${BASE}/state`]);
  expect(published.every(({ isRetained }) => isRetained)).toBe(true);
  expect(published.filter(({ quality }) => quality === 0).map(({ topic }) => topic)).toEqual([`${BASE}/state`]);
  await clock.advance(30_000);
  expect(session().texts(`${BASE}/state`)).toHaveLength(4);
  expect(said).toEqual([`info MQTT: connected to broker.example port 1883, topics below ${BASE}`]);
});

/** The same machine while its MAC address and serial number are not known. */
function nameless(view: FaceView): FaceView {
  return { ...view, facts: { ...view.facts, macAddress: null, serialNumber: null, hostname: "kumpel" } };
}

test("the image's host name is nobody's name: it waits for the MAC address with the first connection", async () => {
  const { clock, hellos, world } = bench({}, nameless);
  await clock.advance(59_000);
  expect(hellos).toEqual([]);
  world.view = world.known;
  await clock.advance(1_000);
  expect(hellos.map(({ clientId }) => clientId)).toEqual(["kumpel-28e2970a0b0c"]);
});

test("what came too late: it goes over to the right name, and takes back what it said under the wrong one", async () => {
  const { clock, hellos, world, sessions, said } = bench({}, nameless);
  await clock.advance(61_000);
  expect(hellos.map(({ will }) => will.topic)).toEqual(["kumpel/kumpel/availability"]);
  expect(said[0]).toContain("goes by its host's name, kumpel, which others may have too");
  world.view = world.known;
  await clock.advance(20_000);
  const [wrong, right] = sessions;
  expect(hellos.map(({ clientId }) => clientId)).toEqual(["kumpel-kumpel", "kumpel-28e2970a0b0c"]);
  expect(right?.subscribed).toContain(`${BASE}/command`);
  const kept = wrong?.published.filter(({ isRetained }) => isRetained).map(({ topic }) => topic) ?? [];
  expect(kept.length).toBeGreaterThan(40);
  for (const topic of new Set(kept)) expect([topic, right?.texts(topic)]).toEqual([topic, [""]]);
  expect(right?.published.slice(-3).map(({ topic }) => topic)).toContain(`${BASE}/state`);
  expect(JSON.stringify(right?.published.filter(({ text }) => text !== ""))).not.toContain("kumpel/kumpel");
  expect(said.join()).not.toContain("lost");
  // What is unknown again for a while takes no name away.
  world.view = nameless(world.known);
  await clock.advance(60_000);
  expect(sessions).toHaveLength(2);
});

test("under the owner's base topic only the discovery of the wrong name is taken back", async () => {
  const { clock, world, session } = bench({ baseTopic: "hall/3" }, nameless);
  await clock.advance(61_000);
  world.view = world.known;
  await clock.advance(20_000);
  expect(session().texts("hall/3/availability")).toEqual(["online"]);
  const emptied = session().published.filter(({ text }) => text === "");
  expect(emptied.length).toBeGreaterThan(40);
  expect(emptied.every(({ topic }) => topic.includes("/kumpel-kumpel/"))).toBe(true);
});

test("a machine that was found without a name goes on without; an emulated one does not wait", async () => {
  const { clock, hellos, session } = bench({}, nameless);
  await clock.advance(61_000);
  session().breakDown("x");
  await clock.advance(10_000);
  expect(hellos).toHaveLength(2);
  const emulated = bench({}, (view) => {
    return nameless({ ...view, snapshot: { ...view.snapshot, emulationLabel: "no real hashing" } });
  });
  await emulated.clock.advance(1_000);
  expect(emulated.hellos.map(({ clientId }) => clientId)).toEqual(["kumpel-emulated-kumpel"]);
});

test("it waits for the first snapshot, without which it could say nothing", async () => {
  const { clock, hellos, world } = bench();
  const { view } = world;
  world.view = null;
  await clock.advance(60_000);
  world.view = view;
  await clock.advance(1_000);
  expect(hellos.length).toBeGreaterThan(0);
});

test("a broker that is away for a day: one line when it goes, one when it is back, ever longer pauses", async () => {
  const { clock, session, said, world, hellos } = bench();
  await clock.advance(120_000);
  world.failure = refusedByNobody;
  session().breakDown("the broker closed the connection");
  await clock.advance(24 * 3_600_000);
  const tries = hellos.length - 1;
  expect(tries).toBeGreaterThan(1_000);
  expect(tries).toBeLessThan(1_500);
  world.failure = null;
  await clock.advance(80_000);
  expect(said.slice(1)).toEqual([
    "warn MQTT: connection to broker.example port 1883 lost: the broker closed the connection",
    "warn MQTT: nobody listens on broker.example port 1883; check it; trying again",
    `info MQTT: connected to broker.example port 1883, topics below ${BASE}`,
  ]);
  // Announced anew, all of it.
  expect(session().texts(`${BASE}/availability`)).toEqual(["online"]);
  expect(session().published.filter(({ topic }) => topic.startsWith("homeassistant/")).length).toBeGreaterThan(40);
});

test("a connection that never holds does not bring the short pauses back", async () => {
  const { clock, sessions, session } = bench();
  for (let i = 0; i < 3_600; i++) {
    await clock.advance(1_000);
    if (sessions.length > 0) session().breakDown("somebody else has this client id");
  }
  expect(sessions.length).toBeLessThan(75);
});

test("a refused user is asked for again a minute later, not at once", async () => {
  const { clock, hellos, said, world } = bench();
  world.failure = new KumpelError("OWNER_SETTING_NEEDED", "the MQTT broker refuses user miner");
  await clock.advance(1);
  await clock.advance(600_000);
  expect(hellos.length).toBe(11);
  expect(said).toHaveLength(1);
});

test("a broker that confirms nothing is given up, and no state piles up before one that takes nothing", async () => {
  const { clock, said, sessions, session, world } = bench();
  world.isStuck = true;
  await clock.advance(10_001);
  expect(said[0]).toContain("did not confirm within 10 s");
  world.isStuck = false;
  await clock.advance(5_000);
  expect(sessions).toHaveLength(2);
  session().unsentBytes = 1 << 20;
  const before = session().published.length;
  await clock.advance(600_000);
  expect(session().published.length).toBe(before);
});

test("Home Assistant starts: everything is told again, once; what the broker kept of its birth is not", async () => {
  const { clock, session } = bench();
  await clock.advance(1);
  const count = (): number => session().texts(`${BASE}/availability`).length;
  session().hear("homeassistant/status", "online", true);
  session().hear("homeassistant/status", "offline");
  await clock.advance(5_000);
  expect(count()).toBe(1);
  session().hear("homeassistant/status", "online");
  await clock.advance(5_000);
  expect(count()).toBe(2);
});

test("commands go to the bus, answers come back, and the state follows at once", async () => {
  const { clock, session, orders, world } = bench();
  await clock.advance(1);
  const states = session().texts(`${BASE}/state`).length;
  session().hear(`${BASE}/set/mining`, "OFF");
  session().hear(`${BASE}/set/mining`, "maybe");
  await clock.advance(1);
  world.answer = { ok: false, message: "Refused: it is too hot." };
  session().hear(`${BASE}/set/mining`, "ON");
  await clock.advance(1);
  expect(orders).toEqual([{ kind: "pause" }, { kind: "resume" }]);
  const answers = session()
    .texts(`${BASE}/answer`)
    .map((text) => JSON.parse(text) as unknown);
  expect(answers).toHaveLength(3);
  expect(answers).toContainEqual({ ok: true, message: "done", command: "mining" });
  expect(answers).toContainEqual({ ok: false, message: 'mining takes ON or OFF, not "maybe".', command: "mining" });
  expect(answers).toContainEqual({ ok: false, message: "Refused: it is too hot.", command: "mining" });
  expect(session().texts(`${BASE}/state`)).toHaveLength(states + 1);
  expect(
    session()
      .published.filter(({ topic }) => topic === `${BASE}/answer`)
      .some((m) => m.isRetained),
  ).toBe(false);
});

test("a flood of commands: few reach the bus, and it is answered, not echoed", async () => {
  const { clock, session, orders, world } = bench();
  await clock.advance(1);
  let open: () => void = () => {};
  world.gate = new Promise((resolve) => {
    open = resolve;
  });
  for (let i = 0; i < 10_000; i++) session().hear(`${BASE}/set/mining`, "OFF");
  await clock.advance(1_000);
  expect(orders).toHaveLength(4);
  open();
  await clock.advance(1_000);
  expect(session().texts(`${BASE}/answer`)).toHaveLength(21);
  expect(session().texts(`${BASE}/answer`).join()).toContain("the rest is dropped");
  await clock.advance(10_000);
  session().hear(`${BASE}/set/mining`, "ON");
  await clock.advance(1);
  expect(orders).toHaveLength(5);
});

test("without the owner's leave nothing is subscribed to but Home Assistant's birth", async () => {
  const { clock, session } = bench({ isControlAllowed: false });
  await clock.advance(1);
  expect(session().subscribed).toEqual(["homeassistant/status"]);
});

test("alerts wait for a broker that is away, the newest 32", async () => {
  const { clock, face, session, world } = bench();
  world.failure = refusedByNobody;
  await clock.advance(1_000);
  for (let i = 0; i < 40; i++) face.alert(`alert ${i}`);
  expect(await face.alertNow("now")).toBe("MQTT is not connected");
  world.failure = null;
  await clock.advance(120_000);
  const alerts = session().published.filter(({ topic }) => topic === `${BASE}/alerts`);
  expect(alerts.map(({ text }) => text)).toEqual(Array.from({ length: 32 }, (_, i) => `alert ${i + 8}`));
  expect(alerts.every(({ quality, isRetained }) => quality === 1 && !isRetained)).toBe(true);
  expect(await face.alertNow("now")).toBeNull();
});

test("the end of the program is told in order, and a broker that does not listen does not hold it up", async () => {
  const first = bench();
  await first.clock.advance(1);
  first.stop.abort();
  await first.clock.advance(1);
  await first.ended;
  expect(first.session().texts(`${BASE}/availability`)).toEqual(["online", "offline"]);
  const second = bench();
  await second.clock.advance(1);
  second.session().isStuck = true;
  second.stop.abort();
  await second.clock.advance(500);
  await second.ended;
  expect(second.said).toHaveLength(1);
});

test("the password stands in no message and no line of the log", async () => {
  const { clock, session, said } = bench();
  await clock.advance(60_000);
  session().breakDown("x");
  await clock.advance(60_000);
  expect(JSON.stringify([said, session().published])).not.toContain("secret-word");
});
