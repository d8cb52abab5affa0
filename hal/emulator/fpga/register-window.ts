/** A register block with FIFOs: accesses go to a model at once, batches loop over them as a board's driver would. */
import type { FifoSink, FifoSource, RegisterBlock } from "#hal/registers.ts";

/** What a model of registers answers to. */
export interface RegisterModel {
  readRegister(offset: number): number;
  writeRegister(offset: number, value: number): void;
}

export class RegisterWindow implements RegisterBlock {
  readonly name: string;
  readonly #model: RegisterModel;

  constructor(name: string, model: RegisterModel) {
    this.name = name;
    this.#model = model;
  }

  async read(offset: number): Promise<number> {
    return this.#model.readRegister(offset) >>> 0;
  }

  async write(offset: number, value: number): Promise<void> {
    this.#model.writeRegister(offset, value >>> 0);
  }

  async drain(fifo: FifoSource, out: Uint32Array): Promise<number> {
    const model = this.#model;
    const { recordWords, offset } = fifo;
    let taken = 0;
    while (taken + recordWords <= out.length && this.#isReady(fifo)) {
      for (let i = 0; i < recordWords; i++) out[taken++] = model.readRegister(offset);
    }
    return taken;
  }

  async fill(fifo: FifoSink, words: Uint32Array, wordCount: number): Promise<number> {
    const model = this.#model;
    const { recordWords, offset } = fifo;
    let written = 0;
    while (written + recordWords <= wordCount && this.#isReady(fifo)) {
      for (let i = 0; i < recordWords; i++) model.writeRegister(offset, words[written++]!);
    }
    return written;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #isReady({ statusOffset, mask, readyWhen }: FifoSource | FifoSink): boolean {
    return ((this.#model.readRegister(statusOffset) & mask) !== 0) === (readyWhen === "set");
  }
}
