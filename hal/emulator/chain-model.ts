/**
 * A hash chain: chips in a row on one pair of wires. Commands and jobs run through all of them, replies come back in
 * chain order, a dead chip cuts off what lies behind it.
 */
import type { Clock } from "#hal/clock.ts";
import type { Random } from "#hal/random.ts";
import type { ChipFacts } from "./chip-facts.ts";
import { ChipModel, REGISTER } from "./chip-model.ts";
import type { ChainFaults } from "./faults.ts";
import { FrameHunter } from "./frame-hunter.ts";
import { MidstateChip } from "./midstate-chip.ts";
import { type CommandCodes, LATER_CODES, type MidstateFacts } from "./midstate-facts.ts";
import type { MidstateJob } from "./midstate-job.ts";
import { type MidstateNonceSink, MidstateSource } from "./midstate-source.ts";
import { type NonceSink, NonceSource } from "./nonce-source.ts";
import { drawChance } from "./prng.ts";
import {
  buildMidstateReply,
  buildNonceReply,
  buildRegisterReply,
  excessByte,
  LONG_REPLY_BYTES,
  resultByte,
} from "./reply-frame.ts";

/** 115,200 against 115,740 and 1,000,000 against 1,041,667 are known to work, twice the rate is not. */
export const MAX_RATE_ERROR = 0.05;
/** Time from the end of a reset until chips listen. Drivers wait 200 ms and more; the real need is unknown. */
const START_UP_MS = 20;
const BROADCAST_BIT = 0x10;
/** BM1387: it has no core registers that could be read. */
const BARE_REPLY_BYTES = 7;
/** Writes to these decide who finds what. */
const PRODUCTION_REGISTERS: readonly number[] = [
  REGISTER.pll0,
  REGISTER.nonceOffset,
  REGISTER.hashCountingNumber,
  REGISTER.ticketMask,
  REGISTER.miscControl,
  REGISTER.coreControl,
  REGISTER.pll0UserDivider,
  REGISTER.versionRolling,
];

/** The same of chips that are fed with midstates. */
function midstateProductionRegisters({ registers }: MidstateFacts): readonly (number | null)[] {
  return [registers.pll, registers.ticketMask, registers.miscControl, registers.userDivider, REGISTER.coreControl];
}

export function isRateOff(a: number, b: number): boolean {
  return Math.abs(a - b) > MAX_RATE_ERROR * b;
}

export interface ChainModelOptions {
  readonly facts: ChipFacts;
  readonly chipCount: number;
  readonly clock: Clock;
  readonly random: Random;
  /** F of the ticket, see `ticket-target.ts`. */
  readonly scale: number;
  readonly isStrict: boolean;
  readonly faults: ChainFaults;
  /** Puts bytes on the wire to the host at the chips' rate. They are copied before the call returns. */
  readonly send: (bytes: Uint8Array, length: number, baud: number) => void;
}

/** Two ways of finding nonces with the same face. */
export type ChainNonces = Pick<
  NonceSource,
  "counts" | "hashCount" | "hasJob" | "expectedPerSecond" | "clearJob" | "markChanged"
>;

export class ChainModel implements NonceSink, MidstateNonceSink {
  readonly chips: readonly ChipModel[];
  readonly counts: ReturnType<typeof newCounts>;
  readonly nonces: ChainNonces;
  /** Where the chips are fed with midstates: what an FPGA in front of them hands its works to. */
  readonly midstates: MidstateSource | null;
  readonly #headers: NonceSource | null;
  readonly #codes: CommandCodes;
  readonly #rateRegisters: readonly (number | null)[];
  readonly #productionRegisters: readonly (number | null)[];
  readonly #options: ChainModelOptions;
  readonly #hunter: FrameHunter;
  readonly #reply = new Uint8Array(LONG_REPLY_BYTES);
  #isPowered = false;
  #isReset = true;
  #readyAtMs = 0;
  #baud: number;
  /** Chips whose rate is that of the first one, counted from the host. */
  #sameRateCount: number;
  /** Sum of the hashing chips' frequencies, kept until a command or a reset may have changed it; -1 = not known. */
  #summedMhz = 0;
  #summedChips = -1;
  #summedCommands = -1;

  constructor(options: ChainModelOptions) {
    this.#options = options;
    const { facts, chipCount, clock, random, scale, isStrict, faults } = options;
    const wire = facts.midstate;
    this.#codes = wire?.codes ?? LATER_CODES;
    this.#hunter = new FrameHunter(
      {
        onCommand: (header, chipAddress, register, value) => this.#onCommand(header, chipAddress, register, value),
        onJob: (frame) => this.#onJob(frame),
        onBadCommandCrc: () => this.#onBadCrc("command"),
        onBadJobCrc: () => this.#onBadCrc("work"),
      },
      wire,
    );
    const liveCount = (): number => this.liveCount;
    const common = { clock, random, scale, isStrict, faults, liveCount, sink: this };
    if (wire === null) {
      this.chips = Array.from({ length: chipCount }, (_, index) => new ChipModel(facts, index));
      this.#headers = new NonceSource({ ...common, chips: this.chips });
      this.midstates = null;
      this.nonces = this.#headers;
      this.#rateRegisters = [REGISTER.fastUart];
      this.#productionRegisters = PRODUCTION_REGISTERS;
    } else {
      const chips = Array.from({ length: chipCount }, (_, index) => new MidstateChip(facts, wire, index));
      this.chips = chips;
      this.#headers = null;
      this.midstates = new MidstateSource({ ...common, chips, wire });
      this.nonces = this.midstates;
      this.#rateRegisters = [wire.registers.miscControl, wire.registers.fastUart, wire.registers.pll3];
      this.#productionRegisters = midstateProductionRegisters(wire);
    }
    this.counts = newCounts(() => this.midstates?.idleSweepMs ?? 0);
    this.#sameRateCount = options.chipCount;
    this.#baud = this.chips[0]?.baud ?? 0;
  }

  /** Rate of the chips in bit/s. */
  get baud(): number {
    return this.#baud;
  }

  /** Chips that can be reached and heard. */
  get liveCount(): number {
    const dead = this.#options.faults.deadChipIndex;
    return dead === null ? this.#sameRateCount : Math.min(dead, this.#sameRateCount);
  }

  get isRunning(): boolean {
    return this.#isPowered && !this.#isReset;
  }

  /** Chips that have a clock and enabled cores and hold a job, as a share of all, times their frequency. */
  get hashingMhzPerChip(): number {
    if (!this.isRunning || !this.nonces.hasJob) return 0;
    const liveCount = this.liveCount;
    // Cores that are opened by works change without a command.
    const canBeKept = this.#options.facts.midstate === null;
    if (canBeKept && liveCount === this.#summedChips && this.counts.commands === this.#summedCommands)
      return this.#summedMhz / this.chips.length;
    let sum = 0;
    for (let k = 0; k < liveCount; k++) {
      const chip = this.chips[k]!;
      if (chip.areCoresEnabled || !this.#options.isStrict) sum += chip.frequencyMhz;
    }
    this.#summedMhz = sum;
    this.#summedChips = liveCount;
    this.#summedCommands = this.counts.commands;
    return sum / this.chips.length;
  }

  setPower(isPowered: boolean): void {
    if (isPowered === this.#isPowered) return;
    this.#isPowered = isPowered;
    this.#restart();
  }

  /** True holds all chips in reset. */
  setReset(asserted: boolean): void {
    if (asserted === this.#isReset) return;
    this.#isReset = asserted;
    this.#restart();
  }

  /** Bytes from the host, which sends at `hostBaud`. At a wrong rate they are noise to the chips. */
  receive(bytes: Uint8Array, hostBaud: number): void {
    const isDeaf = !this.isRunning || this.#options.clock.nowMs() < this.#readyAtMs;
    for (let i = 0; i < bytes.length; i++) {
      // Asked for each byte: the frame before it may just have changed the chips' rate.
      if (isDeaf || isRateOff(hostBaud, this.#baud)) {
        this.counts.noiseBytes += bytes.length - i;
        this.#hunter.clear();
        return;
      }
      this.#hunter.feed(bytes[i]!);
    }
  }

  /**
   * A work that an FPGA put on the wire by itself, after `skipped` others that only took their time, the first at
   * `firstMs`. It takes the way around the bytes, which it would take no other way.
   */
  takeWorks(skipped: number, firstMs: number, periodMs: number, job: MidstateJob, hostBaud: number): void {
    if (this.midstates === null || !this.isRunning || firstMs < this.#readyAtMs || isRateOff(hostBaud, this.#baud)) {
      this.counts.noiseBytes += skipped + 1;
      return;
    }
    this.counts.jobs += skipped + 1;
    if (skipped > 0) this.midstates.noteJobs(skipped, firstMs, periodMs, job.count);
    this.midstates.startJob(job, firstMs + skipped * periodMs);
  }

  onNonce(chip: ChipModel, nonceBits: number, excess: number, engine: number, roll: number, jobByte: number): void {
    this.counts.nonces++;
    const facts = this.#options.facts;
    const result = resultByte(facts, jobByte, engine);
    const length = buildNonceReply(
      this.#reply,
      chip.hasLongReplies,
      nonceBits,
      excessByte(facts, excess),
      result,
      roll,
    );
    this.#send(length);
  }

  onMidstateNonce(chip: MidstateChip, nonceBits: number, solution: number, id: number): void {
    this.counts.nonces++;
    this.#send(buildMidstateReply(this.#reply, chip.wire.hasPreamble, true, nonceBits, solution, id & 0x7f));
  }

  #restart(): void {
    this.#summedChips = -1;
    for (const chip of this.chips) chip.reset();
    this.nonces.clearJob();
    this.#hunter.clear();
    this.#updateRate();
    if (!this.isRunning) return;
    this.#readyAtMs = this.#options.clock.nowMs() + START_UP_MS;
    this.#burstOfNoise();
  }

  #onCommand(header: number, chipAddress: number, register: number, value: number): void {
    this.counts.commands++;
    const isBroadcast = (header & BROADCAST_BIT) !== 0;
    const live = this.liveCount;
    switch (header & 0x0f) {
      case this.#codes.setAddress:
        this.#setAddress(chipAddress, live);
        return;
      case this.#codes.chainInactive:
        for (let k = 0; k < live; k++) this.chips[k]!.isWaitingForAddress = true;
        return;
      case this.#codes.writeRegister:
        for (let k = 0; k < live; k++) {
          if (isBroadcast || this.chips[k]!.address === chipAddress) this.#write(this.chips[k]!, register, value);
        }
        if (this.#rateRegisters.includes(register)) this.#changeRate();
        if (this.#productionRegisters.includes(register)) this.nonces.markChanged();
        return;
      case this.#codes.readRegister:
        for (let k = 0; k < live; k++) {
          const chip = this.chips[k]!;
          if (isBroadcast || chip.address === chipAddress) this.#sendRegister(chip, register, chip.read(register));
        }
        return;
      default:
    }
  }

  /** The first chip that waits takes the address and passes later ones on; with none waiting it falls off the end. */
  #setAddress(address: number, live: number): void {
    for (let k = 0; k < live; k++) {
      const chip = this.chips[k]!;
      if (!chip.isWaitingForAddress) continue;
      chip.isWaitingForAddress = false;
      chip.address = address;
      this.nonces.markChanged();
      return;
    }
  }

  #write(chip: ChipModel, register: number, value: number): void {
    const stuck = this.#options.faults.stuckRegister;
    if (stuck?.chipIndex === chip.index && stuck.register === register) return;
    chip.write(register, value);
    if (register !== REGISTER.coreControl || this.#options.facts.midstate?.replyBytes === BARE_REPLY_BYTES) return;
    const coreValue = chip.coreValueReply(value);
    if (coreValue !== null) this.#sendRegister(chip, REGISTER.coreValue, coreValue);
  }

  #onJob(frame: Uint8Array): void {
    this.counts.jobs++;
    this.#headers?.setJob(frame);
    this.midstates?.takeFrame(frame, this.#options.facts.midstate?.hasPreamble === true ? 4 : 2);
  }

  #onBadCrc(kind: "command" | "work"): void {
    this.counts.badCrcs++;
    for (let k = 0; k < this.liveCount; k++) this.chips[k]!.countError(kind);
  }

  #changeRate(): void {
    const before = this.#baud;
    this.#updateRate();
    if (this.#baud !== before) this.#burstOfNoise();
  }

  #updateRate(): void {
    this.#baud = this.chips[0]?.baud ?? this.#baud;
    const odd = this.chips.findIndex((chip) => isRateOff(chip.baud, this.#baud));
    this.#sameRateCount = odd < 0 ? this.chips.length : odd;
  }

  #sendRegister(chip: ChipModel, register: number, value: number): void {
    this.counts.replies++;
    const isLying = this.#options.faults.wrongAddressChipIndex === chip.index;
    const address = isLying ? chip.address ^ 1 : chip.address;
    const shown = isLying && register === REGISTER.chipId ? (value ^ 1) >>> 0 : value;
    const { midstate } = this.#options.facts;
    const length =
      midstate === null
        ? buildRegisterReply(this.#reply, chip.hasLongReplies, shown, address, register)
        : buildMidstateReply(this.#reply, midstate.hasPreamble, false, shown, address, register);
    this.#send(length);
  }

  #send(length: number): void {
    const { faults, random, send } = this.#options;
    if (faults.isSilent || !this.isRunning) return;
    send(this.#reply, length, this.#baud);
    if (drawChance(random, faults.duplicateFrameProbability)) send(this.#reply, length, this.#baud);
  }

  #burstOfNoise(): void {
    const { faults, random, send } = this.#options;
    if (faults.isSilent || faults.noiseBurstBytes === 0) return;
    const noise = Uint8Array.from({ length: faults.noiseBurstBytes }, () => random.uint32() & 0xff);
    send(noise, noise.length, this.#baud);
  }
}

/** Idle time is reckoned when somebody looks. */
function newCounts(idleSweepMs: () => number) {
  return {
    commands: 0,
    jobs: 0,
    badCrcs: 0,
    noiseBytes: 0,
    replies: 0,
    nonces: 0,
    /** Milliseconds in which chips that are fed with midstates had nothing left to try. */
    get idleSweepMs(): number {
      return idleSweepMs();
    },
  };
}
