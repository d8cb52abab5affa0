import { expect, test } from "vitest";
import { PowerLine } from "#firmware/control/power-line.ts";
import { createLog } from "#firmware/log.ts";

/** A switch whose orders end when the test says so. */
function slowSwitch() {
  const orders: { isOn: boolean; done: (error?: Error) => void }[] = [];
  const setEnabled = (isOn: boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      orders.push({ isOn, done: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  const power = { up: () => setEnabled(true), down: () => setEnabled(false) };
  return { orders, line: new PowerLine(power, createLog("silent")) };
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

test("power counts as on until the switch has confirmed that it is off", async () => {
  const { orders, line } = slowSwitch();
  expect(line.isOn).toBe(true);
  void line.begin();
  expect(line.isOn).toBe(true);
  orders[0]?.done();
  await turns();
  expect(line.isOn).toBe(false);
});

test("nobody gets power before it is permitted, and one order serves all who asked", async () => {
  const { orders, line } = slowSwitch();
  const granted: number[] = [];
  for (const i of [0, 1, 2]) void line.request().then(() => granted.push(i));
  await turns();
  expect(orders.length).toBe(0);
  void line.permit();
  await turns();
  expect(orders.map((o) => o.isOn)).toEqual([true]);
  expect(granted).toEqual([]);
  orders[0]?.done();
  await turns();
  expect(granted).toEqual([0, 1, 2]);
});

test("a cut that meets an order to switch on has the last word and is confirmed only then", async () => {
  const { orders, line } = slowSwitch();
  let isGranted = false;
  void line.request().then(() => {
    isGranted = true;
  });
  void line.permit();
  await turns();
  void line.cut("hot");
  await turns();
  orders[1]?.done();
  await turns();
  expect(line.isOn).toBe(true);
  orders[0]?.done();
  await turns();
  expect(orders.map((o) => o.isOn)).toEqual([true, false, false]);
  expect(line.isOn).toBe(true);
  orders[2]?.done();
  await turns();
  expect(line.isOn).toBe(false);
  expect(isGranted).toBe(false);
  expect(line.cutReason).toBe("hot");
});

test("a switch that failed is tried again by the next request", async () => {
  const { orders, line } = slowSwitch();
  const first = line.request();
  void line.permit();
  await turns();
  orders[0]?.done(new Error("no answer"));
  await turns();
  orders[1]?.done();
  await expect(first).rejects.toThrow("no answer");
  const second = line.request();
  await turns();
  orders[2]?.done();
  await second;
  // In between everything was switched off again.
  expect(orders.map((o) => o.isOn)).toEqual([true, false, true]);
});

test("a cut that fails says so and leaves the state unconfirmed", async () => {
  const { orders, line } = slowSwitch();
  const cut = line.cut("stopped");
  orders[0]?.done(new Error("no answer"));
  await expect(cut).rejects.toThrow("no answer");
  expect(line.isOn).toBe(true);
});

test("also after an order to switch off that failed, off has the last word over one to switch on", async () => {
  for (const end of ["cut", "suspend"] as const) {
    const { orders, line } = slowSwitch();
    void line.request();
    void line.permit();
    await turns();
    const off = line[end]("stopped");
    await turns();
    orders[1]?.done(new Error("no answer"));
    await turns();
    orders[0]?.done();
    await turns();
    expect(orders.map((o) => o.isOn)).toEqual([true, false, false]);
    orders[2]?.done();
    await off;
    expect(line.isOn).toBe(false);
  }
});

test("after a release nothing goes on before the cut has ended", async () => {
  const { orders, line } = slowSwitch();
  void line.request();
  line.permit();
  await turns();
  orders[0]?.done();
  await turns();
  void line.cut("hot");
  await turns();
  expect(line.release()).toBe(true);
  void line.request();
  line.permit();
  await turns();
  expect(orders.map((o) => o.isOn)).toEqual([true, false]);
  orders[1]?.done();
  await turns();
  expect(orders.map((o) => o.isOn)).toEqual([true, false, true]);
  expect(line.isOn).toBe(true);
});

test("whoever asks while the line is held waits for the end of the pause", async () => {
  const { orders, line } = slowSwitch();
  line.permit();
  line.setHeld(true);
  void line.request();
  await turns();
  expect(orders).toEqual([]);
  line.setHeld(false);
  await turns();
  expect(orders.map((o) => o.isOn)).toEqual([true]);
});

test("a pause and its end during the supply's ramp: the new request is not blamed for the old order", async () => {
  const { orders, line } = slowSwitch();
  line.permit();
  const first = line.request();
  first.catch(() => undefined);
  await turns();
  void line.suspend("pause");
  let isRejected = false;
  line.request().catch(() => {
    isRejected = true;
  });
  await turns();
  orders[0]?.done(new Error("aborted"));
  await turns();
  for (const order of orders.slice(1)) order.done();
  await turns();
  expect(isRejected).toBe(false);
  expect(line.isOn).toBe(true);
});
