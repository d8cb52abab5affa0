/**
 * What the miner may ask of one hash chain. `drivers/bm13xx/bm13xx-chain.ts` implements it over a UART,
 * `drivers/fpga/` over two FPGA designs that keep a queue of works in front of the chips.
 *
 * A chain is brought up in the order enumerate -> address -> configure -> ramp -> startMining. Each phase is a list of
 * typed steps and rejects with a typed error; deciding what then happens is the chain machine's matter.
 */

/** The facts of one chip model that the miner above needs; the full row is in `drivers/bm13xx/chips.ts`. */
export interface ChainChipFacts {
  /** `BM1368` and the like. */
  readonly chip: string;
  /** Hash engines of one chip that count in hashrate = frequency x engines x chips. */
  readonly engines: number;
  /** Number of different works that a nonce report can name over this link. */
  readonly wireIdCount: number;
  /** How many of those are kept retired, so that a late nonce is recognised as stale. */
  readonly retiredIdCount: number;
  /** Header version bits that differ within a job: the chip rolls them, or the midstates of a work hold them. */
  readonly versionMask: number;
  /** Midstates that a work carries at most; 0 = the chip takes whole headers and rolls versions by itself. */
  readonly midstatesMax: 0 | 4;
  /** Nonces of one work that are remembered for the duplicate check. */
  readonly noncesPerWork: number;
}

/**
 * How works reach the chips. `timed`: the chips hold one work and a new one replaces it, so the feeder keeps the time.
 * `queued`: a FIFO in front of the chips holds works ahead and paces them; the chain asks when it wants more.
 */
export type FeedMode = "timed" | "queued";

/** One unit of work as a chain takes it; everything is read before the call returns. */
export interface ChainWork {
  /** 0 .. wireIdCount - 1: comes back with each nonce. */
  readonly wireId: number;
  /** 80 bytes: nonce 0, rolled version bits 0. */
  readonly header: Uint8Array;
  /** 0 for a whole header, else 1, 2 or 4. */
  readonly midstateCount: number;
  /** Version bits of each midstate, at their place in the header version. */
  readonly versionBits: Uint32Array;
  /** Eight words of each midstate, one after the other, first state word first. */
  readonly midstates: Int32Array;
}

export interface EnumerationResult {
  /** Chips that answered with the right id and a good CRC. */
  readonly chipCount: number;
  /** Good frames that carried another chip's id, by id as 4 hex digits. */
  readonly foreignChips: Readonly<Record<string, number>>;
  /** Frames or bytes that were no good reply (noise after reset). */
  readonly discardedBytes: number;
}

/** A chip reported a nonce: five numbers, no object, since this is the hot path. */
export type NonceListener = (
  /** 0 .. wireIdCount - 1: the slot whose work this nonce belongs to. */
  wireId: number,
  /** Header value; submit it as 8 hex digits. Unsigned. */
  nonce: number,
  /** Version bits that the chip rolled or that its midstate was made with, at their place in the header version. */
  versionBits: number,
  /** 0-based position on the chain as the nonce tells it, or -1 where the chip does not tell. */
  chipIndex: number,
  /** Core number as the nonce tells it. */
  core: number,
) => void;

/** Counts since open; monotonic, read once a second by the statistics. */
export interface LinkCounters {
  readonly registerReplies: number;
  readonly nonceReports: number;
  /** Bytes skipped because they belonged to no good frame. */
  readonly resyncBytes: number;
  /** Preambles whose frame failed its CRC. */
  readonly crcErrors: number;
  /** Good replies that nobody waited for. */
  readonly unsolicited: number;
  readonly jobsWritten: number;
  /** Known finds of the works that un-gate cores: they prove live cores and are no work. 0 on chips without such works. */
  readonly openCoreNonces: number;
}

export interface ChainTelemetryReading {
  /** Hottest on-die temperature in degrees C, or null where the chip has no sensor or did not answer. */
  readonly temperatureChipMaxC: number | null;
  /** How many chips gave a valid reading. */
  readonly chipsRead: number;
}

/** The part of a chain that takes works. */
export interface WorkSink {
  readonly feedMode: FeedMode;
  /** Puts a work into the next batch. A timed chain holds one: a second one takes its place. Never waits. */
  putWork(work: ChainWork): void;
  /** Writes the batch at once. */
  flushWork(): void;
  /** Throws away works that the chips have not begun. Nothing on a timed chain. */
  dropQueuedWork(): void;
  /**
   * Queued chains call the only listener about every 10 ms with the number of works that are missing; it puts that many,
   * and the chain flushes them. Null: nobody feeds, and the queue runs dry.
   */
  onWorkWanted(listener: ((count: number) => void) | null): void;
  /** Asks the listener now instead of at the next turn; the caller flushes. */
  requestWork(): void;
  /** Works roll only bits of `mask` from now on. */
  setVersionMask(mask: number): void;
  /** Milliseconds of hashing at full rate that the different headers of a work under this version mask last. */
  epochMs(versionMask: number): number;
  /** Milliseconds from one work to the next, where the FIFO paces them; 0 on a timed chain. */
  workTimeMs(versionMask: number): number;
  /** Part of the engines that a work under this version mask keeps busy: 1, or less where each wants its own midstate. */
  engineShare(versionMask: number): number;
}

export interface HashChain extends WorkSink {
  readonly chainIndex: number;
  readonly facts: ChainChipFacts;
  /** Chips found by the last enumeration; 0 before it. */
  readonly chipCount: number;
  /** Present hash clock in MHz as the PLLs really make it, the mean of the chips; 0 before the ramp. */
  readonly frequencyMhz: number;
  readonly counters: LinkCounters;
  /** Milliseconds of waiting that the sequence itself prescribed since open (silence, settling, ramp steps). */
  readonly prescribedWaitMs: number;

  /** Opens the link at the enumeration rate. */
  open(): Promise<void>;
  /** Counts the chips. The caller has released the reset line. */
  enumerate(signal: AbortSignal): Promise<EnumerationResult>;
  /** Gives every chip its address. */
  address(signal: AbortSignal): Promise<void>;
  /**
   * Writes the registers of the model's sequence, switches the rate and un-gates the cores. Rejects with
   * `CHIP_EXPERIMENTAL` where nobody has mined with such chips and the owner has not agreed to try.
   */
  configure(signal: AbortSignal): Promise<void>;
  /** Steps the hash clock up to `targetMhz`; resolves with the frequency that the PLL makes. */
  ramp(targetMhz: number, signal: AbortSignal): Promise<number>;
  /** Last writes before jobs: nonce offsets, hash counting number, version mask, ticket mask. */
  startMining(options: { versionMask: number; ticketDifficulty: number }, signal: AbortSignal): Promise<void>;

  /** Chips report only nonces of at least this difficulty: a power of two. */
  setTicketDifficulty(difficulty: number): void;
  /** The same of one chip. */
  chipFrequencyMhz(chipIndex: number): number;
  /**
   * Other hash clocks while hashing, chip by chip, with the registers that depend on them: down at once, up in the steps of
   * the ramp. Resolves with the mean that the PLLs then make.
   * @throws KumpelError `FREQUENCY_OUT_OF_RANGE` before anything is written.
   */
  retune(wantedMhz: (chipIndex: number) => number, signal: AbortSignal): Promise<number>;
  /** Reads the on-die sensors where there are any. */
  readTemperatures(signal: AbortSignal): Promise<ChainTelemetryReading>;

  /** On-die temperature of one chip in degrees C as last read; null where it has no sensor or did not answer then. */
  chipTemperatureC(chipIndex: number): number | null;

  /** One register of one chip, unsigned, by the number that its family gives it; `CHIP_NOT_CONFIRMED` without an answer. */
  readChipRegister(chipIndex: number, register: number, signal: AbortSignal): Promise<number>;
  writeChipRegister(chipIndex: number, register: number, value: number): Promise<void>;

  onNonce(listener: NonceListener): void;
  /** Sets the only listener for a link that broke. */
  onError(listener: (error: Error) => void): void;
  close(): Promise<void>;
}
