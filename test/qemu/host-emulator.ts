/**
 * node host-emulator.cjs MACHINE SOCKET...: an emulated machine outside of the guest, each of its serial ports behind a unix
 * socket that QEMU connects a serial device of the guest to. Such a device does not tell the rate that the guest has set, so
 * the line takes it to be the chips' own: what a wrong rate does is shown over pseudo-terminals elsewhere.
 */
import net from "node:net";
import { findHashboard } from "#drivers/hashboards/models.ts";
import { emulationScales } from "#firmware/platform/platform.ts";
import { machineHashesPerS } from "#firmware/stats/promised-hashrate.ts";
import { EmulatedWorld } from "#hal/emulator/emulated-world.ts";
import { isMachineName, machineFacts } from "#hal/emulator/machines.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import type { SerialLine } from "#hal/emulator/serial-line.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";

const CONTROL_BAUD = 115_200;

const [machine = "", ...sockets] = process.argv.slice(2);
const hashboard = findHashboard(machine);
if (!isMachineName(machine) || hashboard === null) throw new Error(`no emulated machine "${machine}"`);
const { chipScale } = emulationScales(machineHashesPerS(hashboard, machineFacts(machine).chainCount), null, true);
const clock = new SystemClock();
const world = new EmulatedWorld({ machine, clock, random: new SeededRandom(1), chipScale, minTimerMs: 0.5 });
const { serialPorts } = world.ports;
if (serialPorts.length !== sockets.length) {
  throw new Error(`${machine} has the ports ${serialPorts.map(({ path }) => path).join(" ")}, not ${sockets.length}`);
}

function rateOf(line: SerialLine): number {
  return world.chains.find((chain) => chain.line === line)?.model.baud ?? CONTROL_BAUD;
}

for (const [i, { path, line }] of serialPorts.entries()) {
  const server = net.createServer((socket) => {
    line.attach({ baud: () => rateOf(line), receive: (chunk) => void socket.write(Uint8Array.from(chunk)) });
    socket.on("data", (chunk) => line.sendFromHost(chunk, rateOf(line)));
    socket.on("error", () => undefined);
    socket.on("close", () => line.attach(null));
  });
  server.listen(sockets[i], () => process.stdout.write(`${path} is behind ${String(sockets[i])}\n`));
}
