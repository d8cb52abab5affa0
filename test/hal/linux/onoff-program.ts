/** Run by `onoff.test.ts` in a mount namespace of its own: drives pins through the real onoff, then says what it saw. */
import { AMLOGIC } from "#hal/boards/amlogic.ts";
import { LinuxGpio } from "#hal/linux/linux-gpio.ts";
import { SystemFiles } from "#hal/linux/system-files.ts";

async function main(): Promise<void> {
  const gpio = new LinuxGpio({ files: new SystemFiles() });
  const [connector] = AMLOGIC.connectors;
  if (AMLOGIC.psuEnable === null || connector?.plug == null) throw new Error("the row has lost its pins");
  const supply = await gpio.openOutput(AMLOGIC.psuEnable.pin, true);
  const plug = await gpio.openInput(connector.plug.pin);
  const isPlugged = await plug.isHigh();
  await supply.set(true);
  process.stdout.write(JSON.stringify({ isPlugged }));
}

void main();
