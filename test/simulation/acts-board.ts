/** What the faults of wires, chips, supply, buses, sensors, fans and air do to the emulated board, and how they end. */
import type { ChainFaults } from "#hal/emulator/faults.ts";
import { nackError } from "#hal/emulator/i2c-net.ts";
import { PicPower, PsuPower } from "#hal/emulator/power/machine-power.ts";
import { drawIndex, type SeededRandom } from "#hal/emulator/prng.ts";
import type { Act } from "./acts.ts";
import type { Stage } from "./stage.ts";

const NOISE_EVERY_MS = 150;
const NOISE_BYTES = 24;
/** What broken parts of the LM75 family send: all ones, the largest, an old TMP's worst. */
const NONSENSE = [0xff, 0x7f, 0x80];
const DUST_AIRFLOW = 1 / 3;

/** Changes one chain's faults and puts them back. */
function onChain(change: (faults: ChainFaults, random: SeededRandom, chips: number) => void): Act {
  return ({ world }, random) => {
    const index = drawIndex(random, world.chains.length);
    const faults = world.faults.chains[index]!;
    const before = { ...faults };
    change(faults, random, world.machine.chipsPerChain);
    world.chains[index]!.model.nonces.markChanged();
    return () => {
      Object.assign(faults, before);
      world.chains[index]!.model.nonces.markChanged();
    };
  };
}

/** Between `from` and `to`, as often small as large. */
function between(random: SeededRandom, from: number, to: number): number {
  return from * (to / from) ** random.unit();
}

const noiseBursts: Act = ({ world, clock }, random) => {
  const { line, model } = world.chains[drawIndex(random, world.chains.length)]!;
  let isOver = false;
  const burst = (): void => {
    if (isOver) return;
    const noise = Uint8Array.from({ length: 1 + drawIndex(random, NOISE_BYTES) }, () => random.uint32() & 0xff);
    line.sendFromChips(noise, noise.length, model.baud);
    clock.setTimer(NOISE_EVERY_MS * (0.5 + random.unit()), burst);
  };
  burst();
  return () => {
    isOver = true;
  };
};

/** The chain falls silent until it is counted anew, and then its last chip is missing. */
const wrongChipCount: Act = ({ world, clock }, random) => {
  const faults = world.faults.chains[drawIndex(random, world.chains.length)]!;
  faults.isSilent = true;
  faults.deadChipIndex = world.machine.chipsPerChain - 1;
  clock.setTimer(25_000, () => {
    faults.isSilent = false;
  });
  return () => {
    faults.isSilent = false;
    faults.deadChipIndex = null;
  };
};

const chipsRestart: Act = ({ world }, random) => {
  const { model } = world.chains[drawIndex(random, world.chains.length)]!;
  // The next look at the supply gives them power again.
  model.setPower(false);
  return () => undefined;
};

const looseBoard: Act = ({ world }, random) => {
  const chain = world.chains[drawIndex(random, world.chains.length)]!;
  chain.isPlugged = false;
  return () => {
    chain.isPlugged = true;
  };
};

const supplyAway: Act = ({ world }) => {
  world.faults.psuFailed = true;
  return () => {
    world.faults.psuFailed = false;
  };
};

/** Null on machines whose supply has no bus. */
const onSupply =
  (begin: (power: PsuPower) => () => void): Act =>
  ({ world }) =>
    world.power instanceof PsuPower ? begin(world.power) : null;

const supplyNack = onSupply(({ psu }) => {
  psu.isDead = true;
  return () => {
    psu.isDead = false;
  };
});

const supplyTrips = onSupply(({ psu }) => {
  psu.trip();
  return () => undefined;
});

const supplyIgnoresSets = onSupply(({ psu }) => {
  psu.ignoredSets = 3;
  return () => {
    psu.ignoredSets = 0;
  };
});

const controllerNack: Act = ({ world }, random) => {
  const { power } = world;
  const controllers = power instanceof PsuPower ? power.dspics : power instanceof PicPower ? power.pics : [];
  const controller = controllers[drawIndex(random, controllers.length)];
  if (controller === undefined) return null;
  controller.isDead = true;
  return () => {
    controller.isDead = false;
  };
};

const busStuck =
  (role: "hashboards" | "supply"): Act =>
  ({ world }) => {
    world.i2c.stuck[role] = true;
    return () => {
      world.i2c.stuck[role] = false;
    };
  };

const busNacks: Act = (stage, random) =>
  stage.disturb((answer, role, address) => {
    if (role === "hashboards" && random.unit() < 1 / 3) throw nackError(role, address);
    return answer;
  });

function sensorFault(kind: "stuck" | "failed"): Act {
  return ({ world }, random) => {
    const chain = drawIndex(random, world.chains.length);
    const sensors = world.faults.sensors[chain]!;
    const sensor = drawIndex(random, Math.max(1, world.chains[chain]!.sensors.length));
    sensors[sensor] = kind;
    return () => {
      sensors[sensor] = "none";
    };
  };
}

const bothSensorsNack: Act = ({ world }, random) => {
  const sensors = world.faults.sensors[drawIndex(random, world.chains.length)]!;
  sensors.fill("failed");
  return () => {
    sensors.fill("none");
  };
};

/** Changes what is read from one sensor that hangs on the bus itself. */
function lyingSensor(lie: (answer: Uint8Array, random: SeededRandom) => Uint8Array): Act {
  return (stage: Stage, random) => {
    if (stage.world.boardFacts.sensors.kind !== "lm75") return null;
    const { sensors } = stage.world.chains[drawIndex(random, stage.world.chains.length)]!;
    const address = sensors[drawIndex(random, sensors.length)]?.model.address;
    if (address === undefined) return null;
    return stage.disturb((answer, role, asked) =>
      role === "hashboards" && asked === address ? lie(answer, random) : answer,
    );
  };
}

const nonsense = lyingSensor((answer, random) =>
  new Uint8Array(answer.length).fill(NONSENSE[drawIndex(random, NONSENSE.length)]!),
);

const jumps = lyingSensor((answer, random) => {
  const jumped = Uint8Array.from(answer);
  jumped[0] = (jumped[0]! + drawIndex(random, 81) - 40) & 0xff;
  return jumped;
});

/** Null on machines without fans of their own. */
const onFans =
  (begin: (stage: Stage, fan: number) => () => void): Act =>
  (stage, random) =>
    stage.world.fans.count === 0 ? null : begin(stage, drawIndex(random, stage.world.fans.count));

const fanStops = onFans(({ world }, fan) => {
  world.faults.fanStopped[fan] = true;
  return () => {
    world.faults.fanStopped[fan] = false;
  };
});

const allFansStop = onFans(({ world }) => {
  world.faults.fanStopped.fill(true);
  return () => {
    world.faults.fanStopped.fill(false);
  };
});

const slowFans = onFans(({ world }) => {
  world.fans.speedShare.fill(0.5);
  return () => {
    world.fans.speedShare.fill(1);
  };
});

const tachoDead = onFans(({ world }, fan) => {
  world.fans.isTachoDead[fan] = true;
  return () => {
    world.fans.isTachoDead[fan] = false;
  };
});

const hotAir: Act = ({ world }, random) => {
  const before = world.ambientC;
  world.ambientC += 10 + 20 * random.unit();
  return () => {
    world.ambientC = before;
  };
};

const blockedAir = onFans(({ world }) => {
  world.fans.airflowShare = DUST_AIRFLOW;
  return () => {
    world.fans.airflowShare = 1;
  };
});

export const BOARD_ACTS = {
  "flipped-bits": onChain((faults, random) => {
    faults.flipBitProbability = between(random, 1e-5, 1e-2);
  }),
  "lost-bytes": onChain((faults, random) => {
    faults.dropByteProbability = between(random, 1e-5, 1e-2);
  }),
  "noise-bursts": noiseBursts,
  "duplicate-frames": onChain((faults) => {
    faults.duplicateFrameProbability = 0.2;
  }),
  "silent-chain": onChain((faults) => {
    faults.isSilent = true;
  }),
  "dead-chip": onChain((faults, random, chips) => {
    faults.deadChipIndex = drawIndex(random, chips);
  }),
  "wrong-chip-count": wrongChipCount,
  "lying-chip": onChain((faults, random, chips) => {
    faults.wrongAddressChipIndex = drawIndex(random, chips);
  }),
  "false-nonces": onChain((faults, random) => {
    faults.falseNonceFraction = between(random, 0.005, 1);
  }),
  "chips-restart": chipsRestart,
  "loose-board": looseBoard,
  "supply-dip": supplyAway,
  "supply-dead": supplyAway,
  "supply-trips": supplyTrips,
  "supply-nack": supplyNack,
  "supply-ignores-sets": supplyIgnoresSets,
  "supply-bus-stuck": busStuck("supply"),
  "controller-nack": controllerNack,
  "board-bus-stuck": busStuck("hashboards"),
  "bus-nacks": busNacks,
  "stuck-sensor": sensorFault("stuck"),
  "sensor-nack": sensorFault("failed"),
  "both-sensors-nack": bothSensorsNack,
  "sensor-nonsense": nonsense,
  "sensor-jumps": jumps,
  "fan-stops": fanStops,
  "all-fans-stop": allFansStop,
  "slow-fans": slowFans,
  "tacho-dead": tachoDead,
  "hot-air": hotAir,
  "blocked-air": blockedAir,
} satisfies Record<string, Act>;
