/** What updates need of the board's system: whether this is an image, where bundles lie, boots, room, and the reboot. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { errorText, KumpelError } from "#hal/errors.ts";
import { runProgram } from "#hal/linux/run-program.ts";
import { CARD_BUNDLE } from "../update/card-bundle.ts";
import type { UpdatePlace } from "../update/update-desk.ts";
import { BUNDLE_FILE } from "../update/update-status.ts";

/** Made by the image's build: a program without it is not ours to replace. */
const RELEASE_FILE = "/etc/kumpel-release";
const BOOT_ID_FILE = "/proc/sys/kernel/random/boot_id";
const BOOT_FOLDER = "/boot";
const REBOOT_LIMIT_MS = 30_000;

export function isImage(): boolean {
  return fs.existsSync(RELEASE_FILE);
}

/** @param folder data folder. */
export function updatePlace(folder: string, bootFolder = BOOT_FOLDER): UpdatePlace {
  const bundleFile = path.join(folder, BUNDLE_FILE);
  return {
    bundleFile,
    cardFile: path.join(bootFolder, CARD_BUNDLE),
    bootId: async () => (await fs.promises.readFile(BOOT_ID_FILE, "utf8")).trim(),
    uptimeMs: () => os.uptime() * 1000,
    freeBytes: () =>
      onDisk(folder, async () => {
        const { bavail, bsize } = await fs.promises.statfs(folder);
        return bavail * bsize;
      }),
    removeBundle: () => onDisk(bundleFile, () => fs.promises.rm(bundleFile, { force: true })),
    hashOf: (file) => onDisk(file, () => hashOf(file)),
  };
}

/** @returns null when the board goes down, else why not. */
export async function rebootBoard(): Promise<string | null> {
  const { code, stderr } = await runProgram("reboot", [], { limitMs: REBOOT_LIMIT_MS });
  return code === 0 ? null : `the program reboot ended with ${code} (${stderr.trim() || "no reason"})`;
}

async function hashOf(file: string): Promise<string | null> {
  if (!fs.existsSync(file)) return null;
  const hash = createHash("sha256");
  for await (const chunk of fs.createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function onDisk<T>(file: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new KumpelError("STORE_FAILED", `${file} cannot be used (${errorText(error)})`, { cause: error });
  }
}
