/** What ends a run: a signal, the time that was asked for, or a restart that somebody ordered. */
import type { TimerHandle } from "#hal/clock.ts";
import type { CommandContext } from "./run-context.ts";

/** The answer to who ordered the restart goes out first. */
const RESTART_DELAY_MS = 300;

export class RunStop {
  readonly #context: CommandContext;
  readonly #timer: TimerHandle | null;
  #life = new AbortController();
  #isEnded = false;
  #isSignalled = false;
  #wantsRestart = false;
  #restartTimer: TimerHandle | null = null;
  /** The timer runs for a restart that can wait no longer. */
  #isRestartDue = false;
  #rebootReason: string | null = null;
  #reason = "the run was asked to last so long";

  constructor(context: CommandContext, forMs: number | null) {
    this.#context = context;
    this.#timer = forMs === null ? null : context.clock.setTimer(forMs, () => this.#end());
    context.onStopSignal((name) => {
      this.#reason = name;
      this.#isSignalled = true;
      this.#end();
    });
  }

  /** Why it ended, for the report. */
  get reason(): string {
    return this.#reason;
  }

  get wantsRestart(): boolean {
    return this.#wantsRestart && !this.#isEnded;
  }

  /** Why the board is to be booted once everything is off; null = it is not. */
  get rebootReason(): string | null {
    return this.#rebootReason;
  }

  /** Aborts at the end of this life. */
  begin(): AbortController {
    this.#wantsRestart = false;
    // The settings were read a moment ago: what was ordered while the life before ended has come true.
    if (this.#rebootReason === null) this.#cancelRestart();
    this.#life = new AbortController();
    if (this.#isEnded) this.#life.abort();
    return this.#life;
  }

  /** A time after the end in which nothing is switched on: only a stop signal ends it, and no order begins another life. */
  beginOff(): AbortController {
    this.#life = new AbortController();
    if (this.#isSignalled) this.#life.abort();
    return this.#life;
  }

  /**
   * Orders that come one after the other end in one restart: one that is due stays, one that is to come later gives way to
   * whatever is ordered meanwhile.
   */
  restart(reason: string, delayMs = 0): void {
    if (this.#rebootReason !== null || this.#isRestartDue) return;
    this.#cancelRestart();
    this.#isRestartDue = delayMs <= RESTART_DELAY_MS;
    this.#restartTimer = this.#context.clock.setTimer(Math.max(delayMs, RESTART_DELAY_MS), () => {
      this.#cancelRestart();
      if (this.#isEnded) return;
      this.#wantsRestart = true;
      this.#context.stderr(`kumpel: ${reason}\n`);
      this.#life.abort();
    });
  }

  /** Ends the run in the ordinary way; whoever called it then boots the board. */
  reboot(reason: string): void {
    if (this.#rebootReason !== null) return;
    this.#rebootReason = reason;
    // A restart that somebody ordered just before would begin another life, and the board would never be booted.
    this.#cancelRestart();
    this.#restartTimer = this.#context.clock.setTimer(RESTART_DELAY_MS, () => {
      this.#restartTimer = null;
      if (this.#isEnded) return;
      this.#reason = `the board is booted ${reason}`;
      this.#context.stderr(`kumpel: the board is booted ${reason}\n`);
      this.#end();
    });
  }

  close(): void {
    this.#timer?.cancel();
    this.#restartTimer?.cancel();
  }

  #cancelRestart(): void {
    this.#restartTimer?.cancel();
    this.#restartTimer = null;
    this.#isRestartDue = false;
  }

  #end(): void {
    this.#isEnded = true;
    this.#life.abort();
  }
}
