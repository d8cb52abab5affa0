/** Whether mining with a machine is an experiment, and why: what its owner agrees to, and what reports and displays say. */
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import type { BoardSupport } from "#drivers/hashboards/board-support.ts";
import type { HashboardModel } from "#drivers/hashboards/hashboard-model.ts";

/**
 * @param unconfirmedOfBoard what the control board says of itself, see `ControlBoard.unconfirmed`
 * @returns one clause a reason; empty: every fact that it takes to mine has a source that was seen to work
 */
export function experimentalReasons(
  hashboard: HashboardModel,
  support: BoardSupport,
  unconfirmedOfBoard: readonly string[],
): readonly string[] {
  const { label, confidence } = hashboard;
  const reasons = [...unconfirmedOfBoard];
  const { experimental } = CHIPS[hashboard.chip];
  if (experimental !== null) reasons.push(`${hashboard.chip}: ${experimental}`);
  if (confidence.sequence === "unconfirmed") reasons.push(`${label}: no source has its chips' start sequence`);
  if (confidence.frequency === "unconfirmed") reasons.push(`${label}: no source has its clock`);
  if (support.voltage?.provenance === "unconfirmed") reasons.push(`${label}: no source has its working voltage`);
  return reasons;
}
