/** What a command of the socket API comes to: a reply at once, or an order and the reply for when it is taken. */
import type { FaceOrder } from "../machine-facts.ts";
import { type Reply, reply } from "./reply.ts";

export interface Plan {
  readonly order: FaceOrder;
  /** When the order is taken; `RESTART` stands alone, without a status. */
  readonly done: Reply | "RESTART";
}

export type Outcome = Reply | Plan;

/**
 * Our own code, outside the protocol's range: the miner refuses, and the message says why. Clients look at the letter of
 * the status; none of the protocol's codes means "I cannot".
 */
export const REFUSED = 200;

export function failed(code: number, message: string): Reply {
  return reply("E", code, message);
}

export function plan(order: FaceOrder, done: Plan["done"]): Plan {
  return { order, done };
}
