/** A folder that stands for the root of a Linux system: plain files and links, made from a table. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";

/** Text of a file, or a link to another place below the same root. */
export type FakeEntry = string | { readonly link: string };

/** Folder with these entries; gone when the test ends. */
export function fakeRoot(entries: Readonly<Record<string, FakeEntry>>): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-root-"));
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }));
  for (const [name, entry] of Object.entries(entries)) {
    const full = path.join(root, name);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    if (typeof entry === "string") fs.writeFileSync(full, entry);
    else fs.symlinkSync(path.relative(path.dirname(full), path.join(root, entry.link)), full);
  }
  return root;
}

/** What one GPIO controller shows in sysfs. */
export function gpioChip(base: number, label: string, lineCount: number): Record<string, string> {
  const folder = `sys/class/gpio/gpiochip${base}`;
  return { [`${folder}/base`]: `${base}\n`, [`${folder}/label`]: `${label}\n`, [`${folder}/ngpio`]: `${lineCount}\n` };
}

/** The two serial ports of one USB device. */
export function usbPair(options: {
  first: number;
  bus: string;
  manufacturer: string;
  product: string;
  serial: string;
  id: readonly [vendor: string, product: string];
  bcdDevice: string;
}): Record<string, FakeEntry> {
  const { first, bus, manufacturer, product, serial, id, bcdDevice } = options;
  const device = `sys/devices/usb1/${bus}`;
  const entries: Record<string, FakeEntry> = {
    [`${device}/manufacturer`]: `${manufacturer}\n`,
    [`${device}/product`]: `${product}\n`,
    [`${device}/serial`]: `${serial}\n`,
    [`${device}/idVendor`]: `${id[0]}\n`,
    [`${device}/idProduct`]: `${id[1]}\n`,
    [`${device}/bcdDevice`]: `${bcdDevice}\n`,
  };
  for (const [i, number] of [0, 2].entries()) {
    const tty = `ttyACM${first + i}`;
    const usbInterface = `${device}/${bus}:1.${number}`;
    entries[`${usbInterface}/bInterfaceNumber`] = `0${number}\n`;
    entries[`${usbInterface}/tty/${tty}/dev`] = "166:0\n";
    entries[`${usbInterface}/tty/${tty}/device`] = { link: usbInterface };
    entries[`sys/class/tty/${tty}`] = { link: `${usbInterface}/tty/${tty}` };
  }
  return entries;
}
