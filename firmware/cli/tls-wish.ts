/** What the settings say of HTTPS, as the management worker takes it. */
import type { TlsWish } from "../api/http/tls.ts";
import type { Settings } from "../config/schema.ts";
import type { NetworkNames } from "../platform/network-facts.ts";

/** Without both files the certificate is self-made, as for files that cannot be read: nobody is locked out. */
export function tlsWishOf({ network }: Settings, names: NetworkNames): TlsWish | null {
  const { tls, tls_certificate_file: certificateFile, tls_key_file: keyFile } = network.http;
  switch (tls) {
    case "off":
      return null;
    case "self_made":
      return { files: null, ...names };
    case "files":
      if (certificateFile === undefined || keyFile === undefined) return { files: null, ...names };
      return { files: { certificateFile, keyFile }, ...names };
  }
}
