/** Defects to plant in a run, each with the invariant that has to find it: a check that cannot fail proves nothing. */
import type { Clock } from "#hal/clock.ts";
import type { ControlBoard } from "#hal/control-board.ts";
import type { Connection, Network } from "#hal/network.ts";
import type { SeedOptions } from "./run-seed.ts";
import type { Stage } from "./stage.ts";

export interface Defect {
  /** As a sentence: "..." is found. */
  readonly name: string;
  readonly invariant: string;
  readonly hours: number;
  /** Made anew for each run: some remember what they did. */
  readonly plant: () => Partial<SeedOptions>;
}

const SHORT_H = 0.1;

/** Once, at the first second that the condition holds. */
function once(when: (stage: Stage) => boolean, act: (stage: Stage) => void): Partial<SeedOptions> {
  let isDone = false;
  return {
    everySecond: (stage) => {
      if (isDone || !when(stage)) return;
      isDone = true;
      act(stage);
    },
  };
}

const afterS =
  (seconds: number) =>
  ({ clock }: Stage): boolean =>
    clock.nowMs() >= seconds * 1_000;

/** Every sensor reads so much less than it should. */
function coldSensors(belowC: number): Partial<SeedOptions> {
  return {
    ...once(afterS(0), (stage) => {
      stage.world.ambientC = 68;
      stage.disturb((answer, role) =>
        role === "hashboards" && answer.length === 2 ? Uint8Array.of((answer[0]! - belowC) & 0xff, answer[1]!) : answer,
      );
    }),
  };
}

const deafSwitch = (board: ControlBoard): ControlBoard => {
  const { power } = board;
  if (power === null) return board;
  return { ...board, power: { setEnabled: (on) => (on ? power.setEnabled(true) : Promise.resolve()) } };
};

const eagerSwitch = (board: ControlBoard): ControlBoard => {
  void board.power?.setEnabled(true);
  return board;
};

const proudFans = (board: ControlBoard): ControlBoard => {
  const { fans } = board;
  if (fans === null) return board;
  const rpm = Array.from({ length: fans.count }, () => 5_000);
  return {
    ...board,
    fans: { count: fans.count, setDutyPct: (duty) => fans.setDutyPct(duty), readRpm: () => Promise.resolve(rpm) },
  };
};

/** A bug that no table of errors knows, a while after the start. */
const brokenBus = (board: ControlBoard, clock: Clock): ControlBoard => {
  const { hashboardBus } = board;
  return {
    ...board,
    hashboardBus: {
      name: hashboardBus.name,
      transfer: (address, write, readLength) => {
        if (clock.nowMs() > 120_000) throw new TypeError("address is not a function");
        return hashboardBus.transfer(address, write, readLength);
      },
    },
  };
};

/** Changes what a miner sends or hears, line by line. */
function onTheWay(change: { out?: (text: string) => string; in?: (text: string, port: number) => string }) {
  return (network: Network): Network => ({
    listen: (...args) => network.listen(...args),
    connect: async (options): Promise<Connection> => {
      const link = await network.connect(options);
      const text = (data: Uint8Array | string): string =>
        typeof data === "string" ? data : Buffer.from(data).toString();
      return {
        remote: link.remote,
        family: link.family,
        write: (data) => link.write(change.out?.(text(data)) ?? data),
        onData: (listener) =>
          link.onData((chunk) =>
            listener(change.in === undefined ? chunk : Buffer.from(change.in(text(chunk), options.port))),
          ),
        onClose: (listener) => link.onClose(listener),
        close: () => link.close(),
      };
    },
  });
}

/** The nonce is the fifth of the items; its last digit is turned. */
const wrongNonces = (text: string): string =>
  text.replace(
    /("mining\.submit","params":\["[^"]*","[^"]*","[^"]*","[^"]*",")([0-9a-f]{7})([0-9a-f])/g,
    (_all, before: string, head: string, last: string) =>
      `${before}${head}${((Number.parseInt(last, 16) + 1) & 15).toString(16)}`,
  );

const SUBSCRIBED = /("mining\.notify","[0-9a-f]{8}"\]\],")([0-9a-f]{8})/;

/** Goes on with the extranonce of each pool's first session, as a program that forgets to take the new one. */
function oldExtranonce(): (text: string, port: number) => string {
  const first = new Map<number, string>();
  return (text, port) => {
    const now = SUBSCRIBED.exec(text)?.[2];
    if (now !== undefined && !first.has(port)) first.set(port, now);
    return text.replace(SUBSCRIBED, (_all, before: string) => `${before}${first.get(port)}`);
  };
}

export const DEFECTS: readonly Defect[] = [
  {
    name: "a switch that leaves the power on",
    invariant: "no-orphan-power",
    hours: SHORT_H,
    plant: () => ({ wrapBoard: deafSwitch }),
  },
  {
    name: "power before anything was proven",
    invariant: "proven-before-power",
    hours: SHORT_H,
    plant: () => ({ wrapBoard: eagerSwitch }),
  },
  {
    name: "a shutdown that does not reach the switch",
    invariant: "shutdown-is-off",
    hours: SHORT_H,
    plant: () => ({
      wrapBoard: deafSwitch,
      ...once(afterS(100), ({ world }) => world.faults.fanStopped.fill(true)),
    }),
  },
  {
    name: "fans that nobody reads while they stand",
    invariant: "air-with-power",
    hours: SHORT_H,
    plant: () => ({
      wrapBoard: proudFans,
      ...once(afterS(100), ({ world }) => world.faults.fanStopped.fill(true)),
    }),
  },
  { name: "sensors that read too low", invariant: "board-limit", hours: 0.2, plant: () => coldSensors(30) },
  {
    name: "a voltage that nobody limits",
    invariant: "voltage-limit",
    hours: SHORT_H,
    plant: () => once(afterS(100), ({ world }) => world.power.presetMv(18_000)),
  },
  {
    name: "nonces changed on their way to the pool",
    invariant: "valid-shares-only",
    hours: SHORT_H,
    plant: () => ({ wrapNetwork: onTheWay({ out: wrongNonces }) }),
  },
  {
    name: "an extranonce that outlives its session",
    invariant: "own-extranonce",
    hours: SHORT_H,
    plant: () => ({
      wrapNetwork: onTheWay({ in: oldExtranonce() }),
      ...once(afterS(120), ({ primary }) => primary.disconnectAll()),
    }),
  },
  {
    name: "receipts that vanish",
    invariant: "files-kept",
    hours: 0.15,
    plant: () =>
      once(afterS(400), ({ store }) => {
        store.files.delete("receipts.json");
        store.writes++;
      }),
  },
  {
    name: "timers that pile up",
    invariant: "bounded-queues",
    hours: SHORT_H,
    plant: () => ({
      everySecond: ({ clock }) => {
        for (let i = 0; i < 20; i++) clock.setTimer(1e9, () => undefined);
      },
    }),
  },
  {
    name: "a loop that lets no time pass",
    invariant: "time-moves",
    hours: SHORT_H,
    plant: () =>
      once(afterS(60), ({ clock }) => {
        const again = (): void => void clock.setTimer(0, again);
        again();
      }),
  },
  {
    name: "nonces that fail their own test",
    invariant: "explained-errors",
    hours: SHORT_H,
    plant: () =>
      once(afterS(100), ({ world }) => {
        world.faults.chains[0]!.falseNonceFraction = 1;
      }),
  },
  {
    name: "a bug that ends the process",
    invariant: "no-bugs",
    hours: SHORT_H,
    plant: () => ({ wrapBoard: brokenBus }),
  },
  {
    name: "a chain that nobody starts again",
    invariant: "work-resumes",
    hours: 1,
    plant: () =>
      once(afterS(100), ({ world }) => {
        world.faults.chains[1]!.isSilent = true;
      }),
  },
];
