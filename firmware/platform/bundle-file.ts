/** A bundle on this machine that somebody wants installed. */
import fs from "node:fs";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { BundleFile } from "../console/upload.ts";

/** @throws KumpelError `USAGE`. */
export async function openBundle(file: string): Promise<BundleFile> {
  try {
    const handle = await fs.promises.open(file, "r");
    const about = await handle.stat();
    if (about.isFile() && about.size > 0) return { stream: handle.createReadStream(), bytes: about.size };
    await handle.close();
    throw new Error(about.isFile() ? "it is empty" : "it is no file");
  } catch (error) {
    throw new KumpelError(
      "USAGE",
      `"${file}" cannot be read (${errorText(error)}); give the path of a bundle (.raucb).`,
      {
        cause: error,
      },
    );
  }
}
