import { expect, test } from "vitest";
import { compareVersions, ROOM_LEFT_BYTES, roomRefusal } from "#firmware/update/update-rules.ts";

test.each([
  ["0.1.0", "0.1.0", 0],
  ["0.1.0", "0.2.0", -1],
  ["0.10.0", "0.9.9", 1],
  ["1.0", "1.0.1", -1],
  ["v1.2.3", "1.2.3", 0],
  ["1.0.0-rc.1", "1.0.0", -1],
  ["1.0.0-rc.2", "1.0.0-rc.10", -1],
  ["1.0.0-rc.1", "1.0.0-beta.9", 1],
  ["1.0.0+build7", "1.0.0", 0],
])("%s against %s", (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
  expect(Math.sign(compareVersions(b, a))).toBe(sign === 0 ? 0 : -sign);
});

test("a bundle must leave room for what the firmware writes itself", () => {
  expect(roomRefusal(ROOM_LEFT_BYTES + 1_000, 1_000)).toBeNull();
  expect(roomRefusal(ROOM_LEFT_BYTES + 999, 1_000)).toContain("remove old traces");
  expect(roomRefusal(ROOM_LEFT_BYTES, null)).toBeNull();
});
