/** What the settings say of HTTPS, as the management worker takes it. */
import type { TlsWish } from "../api/http/tls.ts";
import type { Settings } from "../config/schema.ts";
import type { NetworkNames } from "../platform/network-facts.ts";
import { usageError } from "./usage.ts";

/** @throws KumpelError `USAGE`: `files` without both files. */
export function tlsWishOf({ network }: Settings, names: NetworkNames): TlsWish | null {
  const { tls, tls_certificate_file: certificateFile, tls_key_file: keyFile } = network.http;
  switch (tls) {
    case "off":
      return null;
    case "self_made":
      return { files: null, ...names };
    case "files":
      if (certificateFile === undefined || keyFile === undefined)
        throw usageError(
          'network.http.tls "files" needs tls_certificate_file and tls_key_file beside it; or choose "self_made".',
        );
      return { files: { certificateFile, keyFile }, ...names };
  }
}
