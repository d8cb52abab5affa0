/** Gateway and name servers, as Linux shows them in two small files. Pure: the files' texts come in. */

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
