/**
 * What the miner may ask of one hash chain. `drivers/bm13xx/bm13xx-chain.ts` implements it over a UART; an FPGA-fed
 * chain will be another implementation behind the same interface.
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
  /** Number of different job ids that a nonce report can name. */
  readonly wireIdCount: number;
  /** How many of those ids are kept retired, so that a late nonce is recognised as stale. */
  readonly retiredIdCount: number;
  /** Header version bits that the chip can roll by itself (0x1fffe000), or 0. */
  readonly versionMask: number;
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
  /** Rolled version bits at their place in the header version (bits 28:13). */
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
}

export interface ChainTelemetryReading {
  /** Hottest on-die temperature in degrees C, or null where the chip has no sensor or did not answer. */
  readonly temperatureChipMaxC: number | null;
  /** How many chips gave a valid reading. */
  readonly chipsRead: number;
}

export interface HashChain {
  readonly chainIndex: number;
  readonly facts: ChainChipFacts;
  /** Chips found by the last enumeration; 0 before it. */
  readonly chipCount: number;
  /** Present hash clock in MHz as the PLL really makes it; 0 before the ramp. */
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
  /** Writes the registers of the model's sequence, switches the rate and un-gates the cores. */
  configure(signal: AbortSignal): Promise<void>;
  /** Steps the hash clock up to `targetMhz`; resolves with the frequency that the PLL makes. */
  ramp(targetMhz: number, signal: AbortSignal): Promise<number>;
  /** Last writes before jobs: nonce offsets, hash counting number, version mask, ticket mask. */
  startMining(options: { versionMask: number; ticketDifficulty: number }, signal: AbortSignal): Promise<void>;

  /** Writes one job: the 80-byte block header (nonce ignored, rolled version bits zero) under `wireId`. Never waits. */
  sendWork(wireId: number, header: Uint8Array): void;
  /** Chips roll only bits of `mask` from now on. */
  setVersionMask(mask: number): void;
  /** Chips report only nonces of at least this difficulty: a power of two. */
  setTicketDifficulty(difficulty: number): void;
  /** One-step change of the hash clock, with the registers that depend on it; resolves with the real frequency. */
  setFrequency(frequencyMhz: number, signal: AbortSignal): Promise<number>;
  /** Milliseconds of hashing at full rate that the different headers of a job under this version mask last. */
  epochMs(versionMask: number): number;
  /** Reads the on-die sensors where there are any. */
  readTemperatures(signal: AbortSignal): Promise<ChainTelemetryReading>;

  onNonce(listener: NonceListener): void;
  /** Sets the only listener for a link that broke. */
  onError(listener: (error: Error) => void): void;
  close(): Promise<void>;
}
