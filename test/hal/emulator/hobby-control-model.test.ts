/** The control port of the emulated hobby board, spoken to with the example frames and with bytes written out by hand. */
import { expect, test } from "vitest";
import { HobbyControlModel } from "#hal/emulator/hobby-control-model.ts";
import { KumpelError } from "#hal/errors.ts";
import { boardVectors, fromHex, toHex } from "./devices/device-bus.ts";

function port(style: "v0" | "v1") {
  const seen: string[] = [];
  const sent: string[] = [];
  const model = new HobbyControlModel(
    {
      i2c: (address, write, readLength) => {
        seen.push(`i2c 0x${address.toString(16)} [${toHex(write)}] r${readLength}`);
        if (address === 0x7f) throw new KumpelError("I2C_NACK", "nobody");
        return Uint8Array.from({ length: readLength }, (_, i) => 0xa0 + i);
      },
      setPin: (pin, isHigh) => seen.push(`pin ${pin} ${isHigh ? "high" : "low"}`),
      readPin: (pin) => pin === 3,
      send: (bytes) => sent.push(toHex(bytes)),
    },
    style,
  );
  return { seen, sent, say: (hex: string) => model.receive(fromHex(hex)) };
}

const DOES: Readonly<Record<string, readonly string[]>> = { i2c_400k: [], gpio0_low: ["pin 0 low"] };

test("every example frame is understood and does what it says", () => {
  const frames = boardVectors.frames.filter(({ proto }) => proto === "bitaxe");
  expect(frames.map(({ name }) => name).sort()).toEqual(Object.keys(DOES).sort());
  for (const { name, hex } of frames) {
    for (const [style, empty] of [
      ["v0", "0000"],
      ["v1", "0400"],
    ] as const) {
      const { seen, sent, say } = port(style);
      say(hex);
      expect(seen, name).toEqual(DOES[name]);
      expect(sent[0]?.slice(0, 4), `${name} in ${style}`).toBe(empty);
    }
  }
});

test("writes, reads and both in one, over the board's I2C", () => {
  const { seen, sent, say } = port("v1");
  say("09000100052024 0115".replaceAll(" ", ""));
  say("08000200053024 02".replaceAll(" ", ""));
  say("09000300054024 8b02".replaceAll(" ", ""));
  expect(seen).toEqual(["i2c 0x24 [0115] r0", "i2c 0x24 [] r2", "i2c 0x24 [8b] r2"]);
  expect(sent).toEqual(["04000100", "06000200a0a1", "06000300a0a1"]);
});

test("pins are read, an absent device and a page that is none are errors in the form of the notes", () => {
  const { sent, say } = port("v0");
  say("060007000603");
  say("080008000530 7f01".replaceAll(" ", ""));
  say("060009002a00");
  expect(sent).toEqual(["01000701", "04000810", "04000911"]);
});

test("frames in pieces are put together; lengths that cannot be are skipped", () => {
  const { seen, say } = port("v1");
  for (const byte of ["07", "00", "00", "00", "06", "00", "00"]) say(byte);
  expect(seen).toEqual(["pin 0 low"]);
  // 261 bytes are one too many.
  say("0501");
  say("07000000060001");
  expect(seen.at(-1)).toBe("pin 0 high");
});
