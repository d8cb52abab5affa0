/** Keeps the page fed: the board's stream of snapshots, and what to do when it breaks. Decisions are in live-step.ts. */
import { browser } from "../browser.ts";
import { type ApiClient, EVENTS } from "./api-client.ts";
import type { Snapshot } from "./api-types.ts";
import { backOffMs, type LiveInput, type LiveState, liveStep, NOT_YET, SILENCE_MS } from "./live-step.ts";
import { Store } from "./store.ts";

const CHECK_MS = 1_000;

export class Live {
  readonly state = new Store<LiveState>(NOT_YET);
  readonly #client: ApiClient;
  #stream: EventSource | null = null;
  #cancel: () => void = () => {};
  #asking = false;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** For the life of the page. */
  start(): void {
    browser.every(CHECK_MS, () => this.#checkSilence());
    void this.#ask();
  }

  signedIn(): void {
    this.#take({ kind: "signedIn" });
    void this.#ask();
  }

  signedOut(): void {
    this.#close();
    this.#take({ kind: "signedOut" });
  }

  /** At once, instead of when it is due. */
  retry(): void {
    this.#close();
    void this.#ask();
  }

  /** A first answer in the ordinary way: a stream that fails does not say why. */
  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const got = await this.#client.get("/snapshot");
    this.#asking = false;
    if (got.ok) {
      this.#take({ kind: "snapshot", snapshot: got.data, nowMs: browser.nowMs() });
      this.#listen();
    } else if (got.status === 401) this.signedOut();
    else {
      this.#take(got.status === 503 ? { kind: "idle", message: got.message } : { kind: "failed" });
      this.#later();
    }
  }

  #listen(): void {
    this.#close();
    const stream = new EventSource(EVENTS);
    this.#stream = stream;
    stream.addEventListener("snapshot", ({ data }: MessageEvent<string>) => {
      this.#take({ kind: "snapshot", snapshot: JSON.parse(data) as Snapshot, nowMs: browser.nowMs() });
    });
    stream.onerror = () => this.#broke();
  }

  #checkSilence(): void {
    const { phase, snapshotAtMs } = this.state.value;
    if (phase === "live" && browser.nowMs() - snapshotAtMs > SILENCE_MS) this.#broke();
  }

  #broke(): void {
    this.#close();
    this.#take({ kind: "failed" });
    this.#later();
  }

  #later(): void {
    this.#cancel();
    this.#cancel = browser.after(backOffMs(this.state.value.tries, browser.random()), () => void this.#ask());
  }

  #close(): void {
    this.#cancel();
    this.#stream?.close();
    this.#stream = null;
  }

  #take(input: LiveInput): void {
    this.state.value = liveStep(this.state.value, input);
  }
}
