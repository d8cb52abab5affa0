/** What small files of Linux tell of the network and of the board. Pure: the files' texts come in. */

/** `/proc/net/route`: addresses are hex, in the processor's byte order, which is little-endian on every board. */
export function gatewayOf(text: string): string | null {
  for (const line of text.split("\n").slice(1)) {
    const [, destination, gateway, flags] = line.trim().split(/\s+/);
    // Bit 1 of the flags: it leads over a gateway.
    const isDefault = destination === "00000000" && (Number.parseInt(flags ?? "0", 16) & 2) !== 0;
    if (isDefault && gateway !== undefined && /^[0-9A-F]{8}$/i.test(gateway)) {
      return [6, 4, 2, 0].map((at) => Number.parseInt(gateway.slice(at, at + 2), 16)).join(".");
    }
  }
  return null;
}

/** `/etc/resolv.conf`. */
export function dnsServersOf(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+([0-9a-f.:]+)/gim)].map(([, address = ""]) => address);
}

/**
 * `/etc/network/interfaces`, by which ifup configures our images and others. Null: it says nothing of this device, two
 * things, or neither of the two ways; whatever else may configure it is not known here.
 */
export function isDhcpOf(text: string, device: string): boolean | null {
  const methods = new Set<string>();
  for (const line of text.replaceAll("\\\n", " ").split("\n")) {
    const [keyword, name, family, method] = line.trim().split(/\s+/);
    if (keyword === "iface" && name === device && family === "inet" && method !== undefined) methods.add(method);
  }
  if (methods.size !== 1) return null;
  return methods.has("dhcp") ? true : methods.has("static") ? false : null;
}

/** `/proc/device-tree/serial-number`: what the boot loader knows the control board by. Zeros alone are none. */
export function boardSerialOf(text: string): string | null {
  const serial = text.replaceAll("\0", "").trim();
  return /^[\x21-\x7e]{1,64}$/.test(serial) && !/^0*$/.test(serial) ? serial : null;
}

/** A unicast address, and not all zeros: only such a one belongs to one machine alone. */
export function isRealMac(text: string | null): text is string {
  if (text === null || !/^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(text)) return false;
  return (Number.parseInt(text.slice(0, 2), 16) & 1) === 0 && !/^[0:-]+$/.test(text);
}
