/**
 * What a trace says of the chain on a line: which chips, how many, and how their addresses are spaced. It is learned from
 * chip-id replies and address commands, where neither the header of a capture nor the owner said it.
 */
import type { ChipRow } from "#drivers/bm13xx/chips.ts";
import { chipById } from "#drivers/bm13xx/chips.ts";
import type { DecodedFrame } from "./decode-frame.ts";
import { formatOfChip, OPEN_FORMAT, type WireFormat } from "./wire-format.ts";

export interface GivenFacts {
  readonly chip: ChipRow | null;
  readonly chipCount: number | null;
  readonly addressInterval: number | null;
}

/** What chains of one input have in common. */
export class ChipKnowledge {
  readonly given: GivenFacts;
  #chip: ChipRow | null;
  #format: WireFormat;

  constructor(given: GivenFacts) {
    this.given = given;
    this.#chip = given.chip;
    this.#format = given.chip === null ? OPEN_FORMAT : formatOfChip(given.chip);
  }

  get chip(): ChipRow | null {
    return this.#chip;
  }

  get format(): WireFormat {
    return this.#format;
  }

  name(chip: ChipRow): void {
    if (this.#chip !== null) return;
    this.#chip = chip;
    this.#format = formatOfChip(chip);
  }

  /** Bytes without a preamble were a command: only BM1387 has that. Frames with one are not it. */
  sawFrame(frame: DecodedFrame, hasPreamble: boolean): void {
    if (this.#chip !== null) return;
    const id = frame.kind === "register" && (frame.register === 0 || frame.register === null) ? frame.value >>> 16 : 0;
    const chip = chipById(hasPreamble ? id : 0x1387);
    if (chip !== null) this.name(chip);
  }
}

/** One chain's part of it. */
export class ChainFacts {
  readonly #given: GivenFacts;
  readonly #addresses: number[] = [];
  #idReplies = 0;
  #idRepliesMax = 0;

  constructor(given: GivenFacts) {
    this.#given = given;
  }

  /** Chips that answered the largest count; 0 = not known. */
  get chipCount(): number {
    return this.#given.chipCount ?? this.#idRepliesMax;
  }

  /** Spacing of the chips' addresses; 0 = not known. */
  get addressInterval(): number {
    if (this.#given.addressInterval !== null) return this.#given.addressInterval;
    const [first, second] = this.#addresses;
    return first === undefined || second === undefined ? 0 : Math.abs(second - first);
  }

  saw(frame: DecodedFrame): void {
    switch (frame.kind) {
      case "chainInactive":
        this.#addresses.length = 0;
        break;
      case "setAddress":
        if (this.#addresses.length < 2) this.#addresses.push(frame.address);
        break;
      case "read":
        if (frame.register === 0 && frame.to === null) this.#idReplies = 0;
        break;
      case "register":
        if (frame.register !== 0 && frame.register !== null) break;
        this.#idReplies++;
        this.#idRepliesMax = Math.max(this.#idRepliesMax, this.#idReplies);
        break;
      case "write":
      case "otherCommand":
      case "job":
      case "nonce":
        break;
    }
  }
}
