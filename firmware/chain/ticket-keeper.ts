/** The ticket that a chain's chips report at, and when they need another one. */
import type { HashChain } from "#drivers/hash-chain.ts";
import type { Log } from "../log.ts";
import { type Target, ticketTarget } from "../share/difficulty.ts";
import { chooseTicket, type TicketChoice } from "../share/ticket-choice.ts";
import { chainHashesPerS } from "../stats/promised-hashrate.ts";
import type { Scheduler } from "../work/scheduler.ts";

export interface TicketKeeperOptions {
  readonly log: Log;
  readonly scheduler: Scheduler;
  readonly chainIndex: number;
  readonly stockTicket: number;
  readonly chipScale: number;
}

export class TicketKeeper {
  readonly #options: TicketKeeperOptions;
  #choice: TicketChoice | null = null;

  constructor(options: TicketKeeperOptions) {
    this.#options = options;
  }

  /** Null before the first start. */
  get choice(): TicketChoice | null {
    return this.#choice;
  }

  /** The first one of a start. */
  choose(chain: HashChain, pool: Target | null): TicketChoice {
    this.#choice = this.#reckon(chain, pool);
    return this.#choice;
  }

  /** The pool's target changed, or the frequency did. */
  review(chain: HashChain, pool: Target | null): void {
    const choice = this.#reckon(chain, pool);
    const isChanged = choice.difficulty !== this.#choice?.difficulty;
    this.#choice = choice;
    if (!isChanged) return;
    const { scheduler, chainIndex, chipScale, log } = this.#options;
    scheduler.setTicket(chainIndex, choice.difficulty, ticketTarget(choice.difficulty, chipScale));
    chain.setTicketDifficulty(choice.difficulty);
    log.info({ ticketDifficulty: choice.difficulty, reason: choice.reason }, "ticket changed");
  }

  #reckon(chain: HashChain, pool: Target | null): TicketChoice {
    const { stockTicket, chipScale } = this.#options;
    return chooseTicket({ stockTicket, chipScale, poolTarget: pool, chainHashesPerS: chainHashesPerS(chain) });
  }
}
