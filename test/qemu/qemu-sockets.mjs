// What a running machine of QEMU can be asked and told from outside: properties of its devices over QMP, its pins over the
// socket of qtest.
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const TRIES = 100;
const PAUSE_MS = 100;

/** QEMU makes its sockets while it starts. @param {string} file @returns {Promise<net.Socket>} */
async function dial(file) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await new Promise((resolve, reject) => {
        const socket = net.connect(file, () => resolve(socket));
        socket.on("error", reject);
      });
    } catch (error) {
      if (attempt === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** A socket of lines on which each command has one answer, in order; other lines go to `onOther`. */
class LineSocket {
  /**
   * @param {net.Socket} socket
   * @param {(line: string) => boolean} isAnswer
   * @param {(line: string) => void} onOther
   */
  constructor(socket, isAnswer, onOther) {
    this.socket = socket;
    /** @type {((line: string) => void)[]} */
    this.waiting = [];
    let rest = "";
    socket.on("data", (chunk) => {
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (isAnswer(line)) this.waiting.shift()?.(line);
        else onOther(line);
      }
    });
  }

  /** @param {string} line @returns {Promise<string>} */
  ask(line) {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.socket.write(`${line}\n`);
    });
  }

  close() {
    this.socket.destroy();
  }
}

/** Properties of a machine's devices. */
export class Qmp {
  /** @param {LineSocket} lines */
  constructor(lines) {
    this.lines = lines;
  }

  /** @param {string} file */
  static async open(file) {
    const lines = new LineSocket(
      await dial(file),
      (line) => /^\{"(return|error)"/.test(line),
      () => {},
    );
    const qmp = new Qmp(lines);
    await qmp.command("qmp_capabilities");
    return qmp;
  }

  /** @param {string} execute @param {Record<string, unknown>} [words] */
  async command(execute, words = {}) {
    const answer = JSON.parse(await this.lines.ask(JSON.stringify({ execute, arguments: words })));
    if (answer.error !== undefined) throw new Error(`QEMU refuses ${execute}: ${answer.error.desc}`);
    return answer.return;
  }

  close() {
    this.lines.close();
  }
}

/** The pins of one GPIO controller, seen and driven from outside. */
export class Pins {
  /** @param {LineSocket} lines @param {string} controller its path in QEMU */
  constructor(lines, controller) {
    this.lines = lines;
    this.controller = controller;
    /** @type {{ line: number, isHigh: boolean }[]} */
    this.changes = [];
  }

  /** @param {string} file @param {string} controller */
  static async open(file, controller) {
    const lines = new LineSocket(
      await dial(file),
      (line) => /^(OK|FAIL)/.test(line),
      (line) => {
        const [, verb, number] = /^IRQ (raise|lower) (\d+)/.exec(line) ?? [];
        if (verb !== undefined) pins.changes.push({ line: Number(number), isHigh: verb === "raise" });
      },
    );
    const pins = new Pins(lines, controller);
    await pins.#command(`irq_intercept_out ${controller}`);
    return pins;
  }

  /** @param {number} line @param {boolean} isHigh */
  drive(line, isHigh) {
    return this.#command(`set_irq_in ${this.controller} unnamed-gpio-in ${line} ${isHigh ? 1 : 0}`);
  }

  close() {
    this.lines.close();
  }

  /** @param {string} line */
  async #command(line) {
    const answer = await this.lines.ask(line);
    if (!answer.startsWith("OK")) throw new Error(`QEMU refuses ${line}: ${answer}`);
  }
}
