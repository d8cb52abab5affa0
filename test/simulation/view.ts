/**
 * What the invariants look at: plain numbers, kept by the watch from the emulated world's own truth and never from what the
 * firmware believes, except where a rule is about the firmware's own words.
 */
export interface ChainView {
  readonly index: number;
  /** For how long a temperature that its sensors show truly has been above the board's limit while it has power. */
  overBoardLimitMs: number;
  /** The same for the chips' own temperature and a limit that damages. */
  overDamageLimitMs: number;
  /** Highest voltage at its chips since the last look. */
  voltageV: number;
}

export interface View {
  nowMs: number;
  /** Events since time last moved. */
  eventsAtOnce: number;
  movedBack: boolean;
  /** True while anything could give the chips power. */
  isOn: boolean;
  /** For how long there has been power and not one fan turning; always 0 on machines without fans. */
  airlessMs: number;
  airlessLimitMs: number;
  /** For how long there has been power although the machine has shut itself down, in this life or an earlier one. */
  onInShutdownMs: number;
  /** For how long there has been power without a process that watches over it. */
  onWithoutProcessMs: number;
  /** Power was just switched on without that a sensor of this chain had answered lately; null = all had. */
  unprovenChain: number | null;
  readonly chains: readonly ChainView[];
  /** Faults of sensors or their bus hold, or did a moment ago: then nobody can know all temperatures. */
  areSensorsSound: boolean;
  /** Shares that no sound client sends, by kind. */
  lowDifficulty: number;
  foreign: number;
  duplicate: number;
  invalid: number;
  lateStale: number;
  /** Accepted by all pools. */
  accepted: number;
  pendingTimers: number;
  /** Shares without an outcome. */
  openShares: number;
  /** Bytes that did not fit into the host's queue to a chain. */
  overrunBytes: number;
  /** Hardware errors while wires and chips were sound. */
  unexplainedErrors: number;
  /** What a life ended with that is no error of ours to name: a bug; null = none. */
  bug: string | null;
  /** Power was still on when a process had ended in order. */
  leftOn: boolean;
  /** Since when nothing has been wrong, the owner's hand included; null = something is. */
  soundForMs: number;
  isEverythingHashing: boolean;
  sinceAcceptedMs: number;
  /** What is wrong with the files; null = nothing. */
  fileTrouble: string | null;
  maxVoltageV: number;
}

export function newView(chains: number, maxVoltageV: number): View {
  return {
    nowMs: 0,
    eventsAtOnce: 0,
    movedBack: false,
    isOn: false,
    airlessMs: 0,
    airlessLimitMs: Number.POSITIVE_INFINITY,
    onInShutdownMs: 0,
    onWithoutProcessMs: 0,
    unprovenChain: null,
    chains: Array.from({ length: chains }, (_, index): ChainView => {
      return { index, overBoardLimitMs: 0, overDamageLimitMs: 0, voltageV: 0 };
    }),
    areSensorsSound: true,
    lowDifficulty: 0,
    foreign: 0,
    duplicate: 0,
    invalid: 0,
    lateStale: 0,
    accepted: 0,
    pendingTimers: 0,
    openShares: 0,
    overrunBytes: 0,
    unexplainedErrors: 0,
    bug: null,
    leftOn: false,
    soundForMs: 0,
    isEverythingHashing: false,
    sinceAcceptedMs: 0,
    fileTrouble: null,
    maxVoltageV,
  };
}
