/** Orders of one request of a face, and the restart by which they come into force. */
import { ask, type FaceOrder, type FaceParts, type OrderAnswer } from "./machine-facts.ts";

/**
 * Managers of stock machines expect that what they set counts without more ado, since their firmware starts its miner
 * anew by itself. Some ask for that, too, right after it, and some set one thing after the other: all that is to be one
 * restart. What was set is written by then, so that a power cut in between loses nothing.
 */
export const SETTINGS_RESTART_S = 5;

/** Ends at the first order that is refused, with its words; what was taken before it comes into force all the same. */
export async function orderAll(parts: FaceParts, orders: readonly FaceOrder[], who: string): Promise<OrderAnswer> {
  let outcome: OrderAnswer = { ok: true, message: "nothing was to be done", effectiveAt: "now" };
  let isLate = false;
  for (const order of orders) {
    outcome = await ask(parts, order, who);
    if (!outcome.ok) break;
    isLate ||= outcome.effectiveAt === "afterRestart";
  }
  if (!isLate) return outcome;
  const restart = await ask(parts, { kind: "restart", delayS: SETTINGS_RESTART_S }, who);
  if (!outcome.ok || restart.ok) return outcome;
  return { ...restart, message: `it is written and in force after a restart, which was refused: ${restart.message}` };
}
