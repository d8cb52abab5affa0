import { expect, test } from "vitest";
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { chipIndexOf, headerNonce, versionBitsOf, wireIdOf } from "#drivers/bm13xx/nonce-fields.ts";
import { ResponseParser } from "#drivers/bm13xx/response-parser.ts";
import { jobByteOfWireId, LENGTH_BYTE_TRUE, putWorkFrame, WORK_FRAME_BYTES } from "#drivers/bm13xx/work-frame.ts";
import type { Share } from "#firmware/job/job.ts";
import { ticketTarget } from "#firmware/share/difficulty.ts";
import { NonceValidator } from "#firmware/share/nonce-validator.ts";
import { ChipCounters } from "#firmware/stats/chip-counters.ts";
import { MerkleRootBuilder } from "#firmware/work/merkle.ts";
import { WorkBuilder } from "#firmware/work/work-builder.ts";
import { WorkRegistry } from "#firmware/work/work-registry.ts";
import { bytes, chipVectors, hex } from "../support/vectors.ts";
import { SessionDriver } from "./stratum/session-support.ts";

interface CapturedStratum {
  extranonce1: string;
  extranonce2: string;
  submit_nonce: string;
  submit_version_bits: string;
  notify_params: unknown[];
  pool_difficulty: number;
  version_mask: string;
}

const row = CHIPS.BM1370;
const jobEntry = chipVectors.find((v) => v.chip === "BM1370" && v.decoded["stratum"] !== undefined);
const replyEntry = chipVectors.find((v) => v.chip === "BM1370" && v.meaning.includes("pool accepted"));

test("the captured BM1370 round: notify to the very 88 bytes, reply to the very submit that the pool accepted", () => {
  const stratum = jobEntry?.decoded["stratum"] as CapturedStratum;
  const size = stratum.extranonce2.length / 2;
  const session = new SessionDriver().input({ kind: "connected" });
  session.receive(
    JSON.stringify({
      id: 1,
      result: { "version-rolling": true, "version-rolling.mask": stratum.version_mask },
      error: null,
    }),
    JSON.stringify({ id: 2, result: [[], stratum.extranonce1, size], error: null }),
    '{"id":3,"result":true,"error":null}',
    JSON.stringify({ id: null, method: "mining.set_difficulty", params: [stratum.pool_difficulty] }),
    JSON.stringify({ id: null, method: "mining.notify", params: stratum.notify_params }),
  );
  const job = session.jobs[0]?.job;
  if (job === undefined) throw new Error("the captured notify made no job");

  // The capture's work was the 24th of its session (extranonce2 0x17) and had wire id 13.
  const registry = new WorkRegistry(row.wireIdCount, row.retiredIdCount);
  const builder = new WorkBuilder({
    merkle: new MerkleRootBuilder(),
    chainPosition: 0,
    chains: 1,
  });
  const wanted = { wireId: 13, extranonce2: stratum.extranonce2 };
  for (let i = 0; i < 6; i++) registry.next();
  let work = registry.next();
  for (let i = 0; i < 24; i++) {
    if (i > 0) work = registry.next();
    builder.fill(work, job);
    work.ticketTarget = ticketTarget(256, 1);
    work.ticketDifficulty = 256;
  }
  expect({ wireId: work.wireId, extranonce2: hex(work.extranonce2.subarray(0, size)) }).toEqual(wanted);
  const frame = new Uint8Array(WORK_FRAME_BYTES);
  putWorkFrame(frame, 0, jobByteOfWireId(work.wireId), work.header, LENGTH_BYTE_TRUE);
  expect(hex(frame)).toBe(jobEntry?.hex);

  const shares: Share[] = [];
  const counters = new ChipCounters(1);
  const validator = new NonceValidator({
    chainIndex: 0,
    registry,
    counters,
    poolScale: 1,
    onValid: () => undefined,
    onShare: (s) => shares.push(s),
  });
  const outcomes: string[] = [];
  const parser = new ResponseParser({
    onRegister: () => outcomes.push("register"),
    onNonce: (nonceWord, _excess, idByte, rolled) => {
      const chipIndex = chipIndexOf(row, nonceWord, 1, 256);
      outcomes.push(
        validator.check(wireIdOf(row, idByte), headerNonce(nonceWord), versionBitsOf(rolled), chipIndex, 0),
      );
    },
  });
  parser.frameLength = 11;
  parser.push(bytes(replyEntry?.hex ?? ""));
  expect(outcomes).toEqual(["share"]);
  expect(shares[0]?.hashDifficulty).toBeCloseTo(29588.01, 1);

  const share = shares[0];
  if (share === undefined) throw new Error("no share");
  session.submit(share);
  const submit = session.sent.at(-1);
  const nTime = stratum.notify_params[7];
  expect(submit?.params).toEqual([
    "alice.1",
    stratum.notify_params[0],
    stratum.extranonce2,
    nTime,
    stratum.submit_nonce,
    stratum.submit_version_bits,
  ]);

  // The same reply once more is no second share, and a flipped bit is a hardware error.
  parser.push(bytes(replyEntry?.hex ?? ""));
  expect(outcomes.at(-1)).toBe("duplicate");
  expect(validator.check(work.wireId, share.nonce ^ 1, share.version & 0x1fffe000, 0, 0)).toBe("hardwareError");
});
