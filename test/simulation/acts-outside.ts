/** What the faults of pools, network, clock, disk and process do, and how they end. */
import { drawIndex, type SeededRandom } from "#hal/emulator/prng.ts";
import type { Act } from "./acts.ts";
import { BOOT_MS, PRIMARY_PORT, type Stage } from "./stage.ts";

/** Higher than any share of a run. */
const HUGE_DIFFICULTY = 1e18;
const BAD_LINES: readonly string[] = [
  '{"id":null,"method":"mining.notify","params":[]}\n',
  '{"id":null,"method":"mining.notify","params":["x","00","zz","",[],"20000000","1702f4c1","6655aa00",true]}\n',
  '{"id":null,"method":"mining.notify","params":[1,2,3,4,5,6,7,8,9]}\n',
  '{"id":null,"method":"mining.set_difficulty","params":[-1]}\n',
  '{"id":null,"method":"mining.set_difficulty","params":["lots"]}\n',
  '{"id":null,"method":"mining.set_version_mask","params":["xyz"]}\n',
  '{"id":99999,"result":true,"error":null}\n',
  '{"id":null,"method":"mining.notify","par\n',
  "<html>502 Bad Gateway</html>\n",
  "\u0000\u0001\u0002\n",
  "[]\n",
  "\n\n",
];
/** Boards without a battery wake up in 1970. */
const WALL_BACK_MS = [-3_600_000, -86_400_000, -56 * 365 * 86_400_000];
const WALL_FORWARD_MS = [7_200_000, 86_400_000, 10 * 365 * 86_400_000];

/** Does something again and again until the fault ends. */
function repeated(periodMs: number, turn: (stage: Stage, random: SeededRandom, count: number) => void): Act {
  return (stage, random) => {
    let isOver = false;
    let count = 0;
    const next = (): void => {
      if (isOver) return;
      turn(stage, random, count++);
      stage.clock.setTimer(periodMs, next);
    };
    next();
    return () => {
      isOver = true;
    };
  };
}

function restoringDifficulty(act: Act): Act {
  return (stage, random) => {
    const end = act(stage, random);
    return () => {
      end?.();
      stage.primary.setDifficulty(stage.startDifficulty);
    };
  };
}

const poolSilence: Act = ({ primary }) => {
  primary.faults.isSilent = true;
  return () => {
    primary.faults.isSilent = false;
    // What was not said is not made up for: sessions of that time are of no use to anybody.
    primary.disconnectAll();
  };
};

const poolRefuses: Act = ({ primary }) => {
  void primary.stop();
  return () => void primary.start();
};

const poolRejectsAll: Act = ({ primary }) => {
  primary.faults.rejectsAll = true;
  return () => {
    primary.faults.rejectsAll = false;
  };
};

const poolHalfOpen: Act = ({ flaky }) => {
  flaky.mute.add(PRIMARY_PORT);
  return () => {
    flaky.mute.delete(PRIMARY_PORT);
  };
};

const networkDown: Act = ({ network }) => {
  network.setDown(true);
  network.breakAll();
  return () => network.setDown(false);
};

const wallJump =
  (choices: readonly number[]): Act =>
  (stage, random) => {
    stage.wallOffsetMs = choices[drawIndex(random, choices.length)]!;
    return () => {
      stage.wallOffsetMs = 0;
    };
  };

const diskFull: Act = ({ store }) => {
  store.isFull = true;
  return () => {
    store.isFull = false;
  };
};

const diskUnreadable: Act = ({ store }) => {
  store.isUnreadable = true;
  return () => {
    store.isUnreadable = false;
  };
};

/** The write that is under way never ends; then the power goes. */
const tornWrite: Act = (stage) => {
  stage.store.isTearing = true;
  return () => {
    stage.store.isTearing = false;
    cutAndReturn(stage);
  };
};

function cutAndReturn(stage: Stage): void {
  stage.cutMains();
  stage.restarts.faults++;
  stage.startSoon(BOOT_MS);
}

const powerCut: Act = (stage) => {
  stage.cutMains();
  return () => {
    stage.restarts.faults++;
    stage.startSoon(BOOT_MS);
  };
};

const processCrash: Act = (stage) => {
  stage.killLife();
  return () => {
    stage.restarts.faults++;
    stage.startSoon(0);
  };
};

/** It does nothing any more, and nobody starts another one: the board's own watchdog has to. */
const processHang: Act = (stage) => {
  if (stage.life?.miner?.parts.options.board.watchdog == null) return null;
  const { bites } = stage.world.watchdog;
  stage.killLife();
  return () => {
    // The owner finds it standing there when nothing else has.
    if (stage.world.watchdog.bites === bites) cutAndReturn(stage);
  };
};

const processRestart: Act = (stage) => {
  if (stage.life === null) return null;
  stage.restarts.faults++;
  stage.restartLife(1_000);
  return () => undefined;
};

export const OUTSIDE_ACTS = {
  "pool-silence": poolSilence,
  "pool-refuses": poolRefuses,
  "pool-disconnects": ({ primary }) => {
    primary.disconnectAll();
    return () => undefined;
  },
  "pool-bad-lines": repeated(500, ({ primary }, random) => {
    primary.sendRaw(BAD_LINES[drawIndex(random, BAD_LINES.length)]!);
  }),
  "pool-huge-difficulty": restoringDifficulty(({ primary }) => {
    primary.setDifficulty(HUGE_DIFFICULTY);
    return () => undefined;
  }),
  "pool-difficulty-storm": restoringDifficulty(
    repeated(100, (stage, random) =>
      stage.primary.setDifficulty(stage.startDifficulty * 10 ** (4 * random.unit() - 1)),
    ),
  ),
  "pool-new-extranonce": repeated(10_000, ({ primary }) => primary.changeExtranonces()),
  "pool-rejects-all": poolRejectsAll,
  "pool-job-flood": repeated(20, ({ primary }, _random, count) => {
    if (count % 10 === 9) primary.newBlock();
    else primary.refresh();
  }),
  "pool-half-open": poolHalfOpen,
  "network-down": networkDown,
  "connections-break": ({ network }) => {
    network.breakAll();
    return () => undefined;
  },
  "clock-forward": wallJump(WALL_FORWARD_MS),
  "clock-back": wallJump(WALL_BACK_MS),
  "disk-full": diskFull,
  "disk-unreadable": diskUnreadable,
  "torn-write": tornWrite,
  "power-cut": powerCut,
  "process-crash": processCrash,
  "process-hang": processHang,
  "process-restart": processRestart,
} satisfies Record<string, Act>;
