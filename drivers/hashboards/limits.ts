/** The owner's own temperature limits: tighter than the row's as he likes, never looser, for the row's are the hard cap. */
import { KumpelError } from "#hal/errors.ts";
import type { HashboardModel, TemperatureLimits } from "./hashboard-model.ts";

/** In degrees C; null: the row's limit stays. */
export interface LimitWish {
  readonly boardMaxC: number | null;
  readonly chipMaxC: number | null;
}

/** Below this the machine would stop on a warm day before it has begun. */
const LOWEST_LIMIT_C = 40;

/** @throws KumpelError `LIMIT_OUT_OF_RANGE` for a limit beyond the row's or below 40 C. */
export function tightenLimits(
  model: HashboardModel,
  wish: LimitWish,
  hints: { readonly board: string; readonly chip: string },
): HashboardModel {
  const { boardMaxC, chipMaxC, source } = model.temperatureLimits;
  const limits: TemperatureLimits = {
    boardMaxC: tighten(model, "board", wish.boardMaxC, boardMaxC, hints.board),
    chipMaxC: tighten(model, "chip", wish.chipMaxC, chipMaxC, hints.chip),
    source: wish.boardMaxC === null && wish.chipMaxC === null ? source : "the owner's setting",
  };
  return { ...model, temperatureLimits: limits };
}

function tighten(
  model: HashboardModel,
  what: "board" | "chip",
  wishC: number | null,
  capC: number,
  hint: string,
): number {
  if (wishC === null) return capC;
  if (wishC >= LOWEST_LIMIT_C && wishC <= capC) return wishC;
  throw new KumpelError(
    "LIMIT_OUT_OF_RANGE",
    `${hint} ${wishC} is no ${what} limit for ${model.label}: choose ${LOWEST_LIMIT_C} to ${capC} C, which is the hard cap.`,
    { details: { what, wishC, capC } },
  );
}
