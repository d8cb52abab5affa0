/**
 * What a hashboard row says: which chips, in which domains, and how the maker's firmware starts them. Every group of facts carries its confidence. `unconfirmed` means: good enough for the emulator, never a reason to
 * energise a real board without the owner's own setting.
 */
import type { ChipName } from "../bm13xx/chips.ts";
import type { InitVariantName } from "../bm13xx/init-variants.ts";
import type { MidstateVariantName } from "../bm13xx/midstate-variants.ts";
import type { Provenance } from "../bm13xx/registers.ts";

/** Rate at which chips listen after reset: 115,740 baud, which any 115,200 baud UART meets. */
export const ENUMERATION_BAUD = 115_200;

export type HashboardName =
  | "s9"
  | "s17"
  | "s17plus"
  | "t17"
  | "s19"
  | "s19pro"
  | "s21"
  | "t21"
  | "s19xp"
  | "s19kpro"
  | "s19jpro"
  | "s21pro"
  | "s21xp"
  | "bitaxe-max"
  | "bitaxe-ultra"
  | "bitaxe-supra"
  | "bitaxe-gamma"
  | "emberone";

export interface TemperatureLimits {
  /** Power off when a board sensor is hotter. */
  readonly boardMaxC: number;
  /** Power off when a chip is hotter, where a chip can be read. */
  readonly chipMaxC: number;
  readonly source: string;
}

export interface HashboardModel {
  readonly model: HashboardName;
  readonly label: string;
  readonly chip: ChipName;
  readonly chips: number;
  readonly domains: number;
  readonly chipsPerDomain: number;
  readonly addressInterval: number;
  readonly initVariant: InitVariantName | MidstateVariantName;
  readonly defaultFrequencyMhz: number;
  /**
   * Register 0x10 of stock firmware and the hash clock at which it was seen; 0 where the chips take midstates, whose
   * sequences leave it alone.
   */
  readonly stockHcn: number;
  readonly stockFrequencyMhz: number;
  /** Rate while hashing; `ENUMERATION_BAUD` where the rate is never changed. */
  readonly workBaud: number;
  /** Ticket that the maker's firmware sets, a difficulty; absent: 256. */
  readonly stockTicketDifficulty?: number;
  readonly temperatureLimits: TemperatureLimits;
  readonly confidence: {
    readonly geometry: Provenance;
    readonly frequency: Provenance;
    readonly sequence: Provenance;
    readonly temperatureLimits: Provenance;
  };
}

/** Board and chip limits where no source names any. */
export const OUR_LIMITS: TemperatureLimits = { boardMaxC: 75, chipMaxC: 95, source: "our own proposal" };

export const HOBBY_LIMITS: TemperatureLimits = {
  boardMaxC: 75,
  chipMaxC: 80,
  source: "chip: public open firmware stops a Gamma at 80 C; board: our own proposal",
};

/** A chain of one chip: no domains to speak of, and the whole nonce space is its own. */
export const SINGLE_CHIP = {
  chips: 1,
  domains: 1,
  chipsPerDomain: 1,
  addressInterval: 256,
  workBaud: 1_041_667,
  temperatureLimits: HOBBY_LIMITS,
  confidence: {
    geometry: "documented",
    frequency: "documented",
    sequence: "documented",
    temperatureLimits: "documented",
  },
} as const;
