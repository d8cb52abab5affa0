/** The supply's end of the packet wire: collects bytes to frames, checks them, hands out the reply byte by byte. */
const NOT_READY = 0xf5;
const LONGEST = 40;

export type PsuCheck = "bytes" | "words";

export class PsuPacketPort {
  /** How often "not ready" is said before each reply. */
  notReadyReads = 0;
  badFrames = 0;
  readonly #check: PsuCheck;
  readonly #obey: (command: number, payload: readonly number[]) => readonly number[] | null;
  #frame: number[] = [];
  #reply: number[] = [];

  /** @param obey makes the reply's payload of a good frame, or null to stay silent. */
  constructor(check: PsuCheck, obey: (command: number, payload: readonly number[]) => readonly number[] | null) {
    this.#check = check;
    this.#obey = obey;
  }

  hear(byte: number): void {
    const frame = this.#frame;
    frame.push(byte);
    const isHeader = frame[0] === 0x55 && (frame.length < 2 || frame[1] === 0xaa);
    const length = frame[2];
    if (!isHeader || (length !== undefined && (length < 4 || length > LONGEST))) {
      this.#frame = byte === 0x55 ? [byte] : [];
      return;
    }
    if (length === undefined || frame.length < length + 2) return;
    this.#frame = [];
    this.#reply = [];
    this.#hearFrame(frame.slice(2));
  }

  /** Next byte of the reply; "not ready" when there is none. */
  read(): number {
    return this.#reply.shift() ?? NOT_READY;
  }

  #hearFrame(frame: readonly number[]): void {
    const inner = frame.slice(0, -2);
    if (checksum(this.#check, inner) !== frame.at(-2)! + 256 * frame.at(-1)!) {
      this.badFrames++;
      return;
    }
    const payload = this.#obey(inner[1]!, inner.slice(2));
    if (payload === null) {
      this.badFrames++;
      return;
    }
    const reply = [payload.length + 4, inner[1]!, ...payload];
    const sum = checksum(this.#check, reply);
    const waiting = Array.from({ length: this.notReadyReads }, () => NOT_READY);
    this.#reply = [...waiting, 0x55, 0xaa, ...reply, sum % 256, Math.floor(sum / 256)];
  }
}

function checksum(check: PsuCheck, bytes: readonly number[]): number {
  let sum = 0;
  bytes.forEach((byte, i) => {
    sum += check === "words" && i % 2 === 1 ? byte * 256 : byte;
  });
  return sum % 65_536;
}
