/** A register block without FIFOs: reads and writes go to functions. */
import type { RegisterBlock } from "#hal/registers.ts";

export interface RegisterHandlers {
  read(offset: number): number;
  write(offset: number, value: number): void;
}

export class SimpleRegisters implements RegisterBlock {
  readonly name: string;
  readonly #handlers: RegisterHandlers;

  constructor(name: string, handlers: RegisterHandlers) {
    this.name = name;
    this.#handlers = handlers;
  }

  async read(offset: number): Promise<number> {
    return this.#handlers.read(offset) >>> 0;
  }

  async write(offset: number, value: number): Promise<void> {
    this.#handlers.write(offset, value);
  }

  drain(): Promise<number> {
    return Promise.reject(new RangeError(`${this.name} has no FIFO to read`));
  }

  fill(): Promise<number> {
    return Promise.reject(new RangeError(`${this.name} has no FIFO to write`));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
