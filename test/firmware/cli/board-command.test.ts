/** `kumpel board`: what it shows and prints, with stand-ins for the process and virtual time for the probe. */
import { expect, test } from "vitest";
import { BOARD_HELP, type BoardContext, boardCommand } from "#firmware/cli/board-command.ts";
import { OWNER_OPTIONS } from "#firmware/cli/board-options.ts";
import { parseRunOptions } from "#firmware/cli/run-options.ts";
import { openBoard } from "#firmware/platform/open-board.ts";
import { detectSystem, findRealMachine } from "#firmware/platform/real.ts";
import { createMemoryBoard } from "#hal/emulator/emulated-board.ts";
import type { EmulatedWorld } from "#hal/emulator/emulated-world.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import { SystemRandom } from "#hal/linux/system-random.ts";
import { EMULATOR_SETTINGS, settle } from "../../support/board.ts";
import { fakeRoot, usbPair } from "../../support/fake-root.ts";

function context() {
  const out: string[] = [];
  const progress: string[] = [];
  const clock = new VirtualClock();
  const worlds: EmulatedWorld[] = [];
  let stop: (name: string) => void = () => undefined;
  let isStopped = false;
  const handed: BoardContext = {
    detect: detectSystem,
    findMachine: findRealMachine,
    openReal: () => Promise.reject(new Error("no test opens a real board")),
    openEmulated: async (_machine, serialOrder) => {
      const options = { machine: "s21", clock, chipScale: 2 ** 30, random: new SeededRandom(7) } as const;
      const { ports, world } = createMemoryBoard(serialOrder === null ? options : { ...options, serialOrder });
      const board = await openBoard({ clock, ports, machine: "s21", settings: EMULATOR_SETTINGS });
      worlds.push(world);
      return {
        board,
        acceptsUnconfirmed: true,
        clock,
        random: new SystemRandom(),
        network: new SocketNetwork(),
        localPoolPort: null,
        stop: () => {
          isStopped = true;
          return Promise.resolve();
        },
      };
    },
    onStopSignal: (listener) => {
      stop = listener;
    },
    stdout: (text) => out.push(text),
    stderr: (text) => progress.push(text),
  };
  return {
    handed,
    clock,
    worlds,
    progress,
    stop: () => stop("SIGINT"),
    isStopped: () => isStopped,
    text: () => out.join(""),
  };
}

const AMLOGIC = {
  "proc/device-tree/compatible": "amlogic,axg\0",
  "sys/devices/system/cpu/present": "0-3\n",
  "etc/subtype": "AMLCtrl_BHB68XXX\n",
};

test("the board, why, and every input", async () => {
  const { handed, text } = context();
  expect(await boardCommand(["--root", fakeRoot(AMLOGIC)], handed)).toBe(0);
  expect(text()).toContain("Control board: Amlogic A113D (device tree says amlogic and axg; the vendor's system names");
  expect(text()).toMatch(/device tree, compatible +amlogic,axg\n +processors +4\n +\/etc\/subtype +AMLCtrl_BHB68XXX\n/);
});

test("the same for machines, with the ports of a hobby board", async () => {
  const { handed, text } = context();
  const bitaxe = usbPair({
    first: 4,
    bus: "1-1",
    manufacturer: "OSMU",
    product: "Bitaxe",
    serial: "7",
    id: ["c0de", "cafe"],
    bcdDevice: "0011",
  });
  expect(await boardCommand(["--json", "--root", fakeRoot(bitaxe)], handed)).toBe(0);
  expect(JSON.parse(text())).toMatchObject({
    board: { kind: "hobby", name: "bitaxe", control_path: "/dev/ttyACM4", chips_path: "/dev/ttyACM5" },
    inputs: { compatible: [], usb_ports: [{ interface_number: 0 }, { interface_number: 2, bcd_device: 0x11 }] },
  });
});

test("an unknown system is shown as such and is no failure", async () => {
  const { handed, text } = context();
  expect(await boardCommand(["--root", fakeRoot({})], handed)).toBe(0);
  expect(text()).toMatch(/^Control board: none/);
});

test("the probe prints the map and the option to use", async () => {
  const { handed, clock, text, worlds, isStopped } = context();
  const run = boardCommand(["probe-chains", "--machine", "s21", "--emulated-order", "2,1,0"], handed);
  expect(await settle(clock, run)).toBe(0);
  expect(text()).toBe(
    "J1  /dev/ttyS3\nJ2  /dev/ttyS2\nJ3  /dev/ttyS1\n\n--chain-uarts /dev/ttyS3,/dev/ttyS2,/dev/ttyS1\n",
  );
  expect(worlds[0]?.powerIsOn).toBe(false);
  expect(isStopped()).toBe(true);
});

test("the probe as JSON, with two dead chains: guesses are no success", async () => {
  const { handed, clock, text, worlds } = context();
  const run = boardCommand(["probe-chains", "--machine", "s21", "--hashboard", "s21", "--json"], handed);
  for (let i = 0; i < 1_000 && worlds.length === 0; i++) await clock.advance(1);
  for (const chain of [0, 2]) worlds[0]!.faults.chains[chain]!.isSilent = true;
  expect(await settle(clock, run)).toBe(1);
  expect(JSON.parse(text())).toMatchObject({
    candidates: ["/dev/ttyS1", "/dev/ttyS2", "/dev/ttyS3"],
    chains: [
      { label: "J1", path: "/dev/ttyS1", found_by: "remainder", chip_counts: [0, 0, 0] },
      { label: "J2", path: "/dev/ttyS2", found_by: "answer", chip_counts: [0, 108, 0] },
      { label: "J3", path: "/dev/ttyS3", found_by: "remainder" },
    ],
    problems: [expect.any(String), expect.any(String)],
  });
});

test("a stop signal ends the probe with power off", async () => {
  const { handed, clock, worlds, progress, stop, isStopped } = context();
  const run = boardCommand(["probe-chains", "--machine", "s21"], handed);
  for (let i = 0; i < 60_000 && worlds[0]?.powerIsOn !== true; i++) await clock.advance(1);
  stop();
  expect(await settle(clock, run)).toBe(1);
  expect(progress.slice(-2)).toEqual(["Power is off.\n", "Stopped before every connector was asked.\n"]);
  expect(worlds[0]?.powerIsOn).toBe(false);
  expect(isStopped()).toBe(true);
});

test.each([
  [["--all"], /--all.*kumpel board --help/],
  [["probe-chains", "--machine", "s99"], /"s99" is unknown/],
  [["probe-chains", "--machine", "s21", "--emulated-order", "0,0,1"], /no order of connectors/],
  [["probe-chains", "--emulated-order", "2,1,0"], /emulated machines/],
  [["probe-chains", "--machine", "s21", "--board", "amlogic-a113d"], /--board is for a real board/],
  [["probe-chains", "--hashboard", "s99"], /--hashboard "s99" is unknown; choose one of: /],
  [["probe-chains", "--board", "pi"], /--board "pi" is unknown; choose one of: amlogic-a113d/],
  [["probe-chains", "--psu-enable-active", "up"], /"up" is no level/],
  [["probe-chains", "--chain-uarts", "ttyS1,ttyS2"], /"ttyS1", which is no serial device/],
  [["probe-chains", "--work-voltage", "1"], /500 to 25000/],
] as [string[], RegExp][])("%j is wrong usage in one sentence", async (args, sentence) => {
  await expect(boardCommand(args, context().handed)).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringMatching(sentence),
  });
});

test("kumpel run: auto takes the owner's words, an emulated machine refuses them, and a real one the emulator's", () => {
  const run = (...args: string[]) => parseRunOptions(["--pool", "pool.test:3333", ...args], true);
  const { target } = run(
    ...["--hashboard", "s21", "--psu-enable-active", "high", "--accept-experimental"],
    ...["--chain-uarts", "/dev/ttyS3,/dev/ttyS2,/dev/ttyS1", "--board", "amlogic-a113d"],
  );
  expect(target).toMatchObject({
    kind: "real",
    owner: {
      hashboard: { model: "s21" },
      board: "amlogic-a113d",
      settings: {
        psuEnableActive: "high",
        isExperimentalAccepted: true,
        chainUarts: ["/dev/ttyS3", "/dev/ttyS2", "/dev/ttyS1"],
      },
    },
  });
  expect(run("--machine", "s21").target).toMatchObject({ kind: "emulated" });
  expect(() => run("--machine", "s21", "--accept-experimental")).toThrow(/--accept-experimental is for a real board/);
  expect(() => run("--demo", "--machine", "auto")).toThrow(/--demo is for emulated machines/);
  expect(() => run("--chip-ticket", "0.001")).toThrow(/--chip-ticket is for emulated machines/);
  expect(() => run("--link", "memory")).toThrow(/--link is for emulated machines/);
});

test("every option of the owner is explained", () => {
  for (const option of Object.keys(OWNER_OPTIONS)) expect(BOARD_HELP).toContain(`--${option}`);
});
