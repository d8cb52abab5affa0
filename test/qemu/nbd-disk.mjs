// A disk whose power can be cut: it is served to QEMU over NBD (fixed newstyle, as the protocol's own document has it), knows
// what was written since the last flush, and at a cut keeps what was flushed and any half of the sectors of the rest.
import net from "node:net";

const SECTOR = 512;
const MAGIC = Buffer.from("NBDMAGICIHAVEOPT");
const REPLY_MAGIC = 0x3e889045565a9n;
const FIXED_NEWSTYLE_NO_ZEROES = 3;
const OPTION = { exportName: 1, abort: 2, go: 7 };
const REPLY = { ack: 1, info: 3, unsupported: 0x80000001 };
/** Has flags, sends flush, sends FUA. */
const TRANSMISSION_FLAGS = 0x1 | 0x4 | 0x8;
const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3 };
const FUA = 1;
const REQUEST_BYTES = 28;
const REQUEST_MAGIC = 0x25609513;
const SIMPLE_REPLY_MAGIC = 0x67446698;

export class NbdDisk {
  /** @param {Buffer} content */
  constructor(content) {
    this.content = content;
    this.durable = Buffer.from(content);
    /** @type {{ offset: number, data: Buffer }[]} */
    this.unflushed = [];
    this.server = net.createServer((socket) => this.#serve(socket));
  }

  /** @param {string} file */
  listen(file) {
    return new Promise((resolve) => this.server.listen(file, () => resolve(null)));
  }

  close() {
    this.server.close();
  }

  /** What comes from outside of the guest is on the disk at once. @param {number} offset @param {Buffer} data */
  put(offset, data) {
    data.copy(this.content, offset);
    data.copy(this.durable, offset);
  }

  /**
   * The power goes: of the sectors that were not flushed each is there or not.
   * @param {() => number} random 0 .. 1 @returns {number} sectors that were lost
   */
  cut(random) {
    let lost = 0;
    for (const { offset, data } of this.unflushed) {
      for (let at = 0; at < data.length; at += SECTOR) {
        if (random() < 0.5) data.copy(this.durable, offset + at, at, Math.min(at + SECTOR, data.length));
        else lost++;
      }
    }
    this.unflushed = [];
    this.durable.copy(this.content);
    return lost;
  }

  #flush() {
    for (const { offset, data } of this.unflushed) data.copy(this.durable, offset);
    this.unflushed = [];
  }

  /** @param {import("node:net").Socket} socket */
  #serve(socket) {
    let pending = Buffer.alloc(0);
    /** @type {"flags" | "options" | "requests"} */
    let phase = "flags";
    socket.on("error", () => undefined);
    socket.write(Buffer.concat([MAGIC, u16(FIXED_NEWSTYLE_NO_ZEROES)]));
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      for (let used = -1; used !== 0; pending = pending.subarray(used)) {
        if (phase === "flags") {
          used = pending.length >= 4 ? 4 : 0;
          if (used > 0) phase = "options";
        } else if (phase === "options") {
          used = this.#option(socket, pending, () => {
            phase = "requests";
          });
        } else used = this.#request(socket, pending);
      }
    });
  }

  /** @param {import("node:net").Socket} socket @param {Buffer} bytes @param {() => void} begin @returns {number} bytes used */
  #option(socket, bytes, begin) {
    if (bytes.length < 16) return 0;
    const option = bytes.readUInt32BE(8);
    const length = bytes.readUInt32BE(12);
    if (bytes.length < 16 + length) return 0;
    const size = u64(this.content.length);
    const answer = (/** @type {number} */ kind, /** @type {Buffer} */ data) =>
      socket.write(Buffer.concat([u64(REPLY_MAGIC), u32(option), u32(kind), u32(data.length), data]));
    if (option === OPTION.exportName) {
      socket.write(Buffer.concat([size, u16(TRANSMISSION_FLAGS)]));
      begin();
    } else if (option === OPTION.go) {
      answer(REPLY.info, Buffer.concat([u16(0), size, u16(TRANSMISSION_FLAGS)]));
      answer(REPLY.ack, Buffer.alloc(0));
      begin();
    } else if (option === OPTION.abort) socket.end();
    else answer(REPLY.unsupported, Buffer.alloc(0));
    return 16 + length;
  }

  /** @param {import("node:net").Socket} socket @param {Buffer} bytes @returns {number} bytes used */
  #request(socket, bytes) {
    if (bytes.length < REQUEST_BYTES) return 0;
    if (bytes.readUInt32BE(0) !== REQUEST_MAGIC) throw new Error("no NBD request");
    const flags = bytes.readUInt16BE(4);
    const command = bytes.readUInt16BE(6);
    const offset = Number(bytes.readBigUInt64BE(16));
    const length = bytes.readUInt32BE(24);
    const used = REQUEST_BYTES + (command === COMMAND.write ? length : 0);
    if (bytes.length < used) return 0;
    const head = Buffer.concat([u32(SIMPLE_REPLY_MAGIC), u32(0), bytes.subarray(8, 16)]);
    if (command === COMMAND.disconnect) socket.end();
    else if (command === COMMAND.read)
      socket.write(Buffer.concat([head, this.content.subarray(offset, offset + length)]));
    else {
      if (command === COMMAND.write) this.#write(offset, Buffer.from(bytes.subarray(REQUEST_BYTES, used)));
      if (command === COMMAND.flush || (flags & FUA) !== 0) this.#flush();
      socket.write(head);
    }
    return used;
  }

  /** @param {number} offset @param {Buffer} data */
  #write(offset, data) {
    data.copy(this.content, offset);
    this.unflushed.push({ offset, data });
  }
}

/** @param {number} value */
function u16(value) {
  return Buffer.of(value >> 8, value & 255);
}

/** @param {number} value */
function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** @param {number | bigint} value */
function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
