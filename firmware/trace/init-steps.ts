/** The commands of a chain as steps that can be compared: what `trace diff` aligns. */
import type { DecodedFrame } from "./decode-frame.ts";
import { frameText } from "./render-text.ts";
import { NO_SINK, type TraceSink, type WireBytes } from "./trace-decoder.ts";

export interface InitStep {
  /** Kind, chip and register: steps with the same key are the same step, whatever they write. */
  readonly key: string;
  /** Value that is written, or the payload of an unknown command; null where there is none. */
  readonly value: number | string | null;
  readonly text: string;
  /** NaN where the input tells no time. */
  readonly tMs: number;
}

/** Steps of each chain up to its first job, or all of them; jobs differ from run to run and are no steps. */
export class InitStepSink implements TraceSink {
  readonly onUnknown = NO_SINK.onUnknown;
  readonly onPool = NO_SINK.onPool;
  readonly onNote = NO_SINK.onNote;
  readonly onText = NO_SINK.onText;
  readonly chains = new Map<number, InitStep[]>();
  readonly #isWhole: boolean;
  readonly #ended = new Set<number>();

  constructor(isWhole: boolean) {
    this.#isWhole = isWhole;
  }

  onFrame(frame: DecodedFrame, chain: number, tMs: number, _wire: WireBytes): void {
    if (frame.kind === "job" && !this.#isWhole) this.#ended.add(chain);
    if (this.#ended.has(chain)) return;
    const step = stepOf(frame, tMs);
    if (step === null) return;
    const steps = this.chains.get(chain) ?? [];
    if (steps.length === 0) this.chains.set(chain, steps);
    steps.push(step);
  }
}

function stepOf(frame: DecodedFrame, tMs: number): InitStep | null {
  switch (frame.kind) {
    case "write":
      return { key: `write ${frame.to ?? "all"} ${frame.register}`, value: frame.value, text: frameText(frame), tMs };
    case "read":
      return { key: `read ${frame.to ?? "all"} ${frame.register}`, value: null, text: frameText(frame), tMs };
    case "setAddress":
      return { key: "setAddress", value: frame.address, text: frameText(frame), tMs };
    case "chainInactive":
      return { key: "chainInactive", value: null, text: frameText(frame), tMs };
    case "otherCommand":
      return { key: `other ${frame.header}`, value: frame.payload, text: frameText(frame), tMs };
    case "job":
    case "register":
    case "nonce":
      return null;
  }
}
