/** What `kumpel run` needs of its process; `main.ts` hands it in. */
import type { Clock } from "#hal/clock.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { RandomBytes } from "../api/access.ts";
import type { SettingsStore } from "../config/settings-store.ts";
import type { Log } from "../log.ts";
import type { OwnerSettings, RealMachine } from "../platform/choose-board.ts";
import type { DataFolder } from "../platform/data-folder.ts";
import type { NetworkNames } from "../platform/network-facts.ts";
import type { Platform, Scales } from "../platform/platform.ts";
import type { UpdatePlace } from "../update/update-desk.ts";
import type { Updater } from "../update/updater.ts";
import type { RunOptions } from "./run-options.ts";

export interface UpdateParts {
  readonly updater: Updater;
  readonly place: UpdatePlace;
  /** @returns null when the board goes down, else why not. */
  readonly reboot: () => Promise<string | null>;
}

export interface CommandContext {
  readonly programPath: string;
  readonly openPlatform: (options: RunOptions, scales: Scales, log: Log) => Promise<Platform>;
  /** Calls the listener once, with the name of the signal (or the kind of failure) that asks the process to end. */
  readonly onStopSignal: (listener: (name: string) => void) => void;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly isTerminal: boolean;
  readonly columns: () => number;
  readonly openDataFolder: (folder: string | null) => Promise<DataFolder>;
  /** One run at a time in a folder. @returns what gives it free. @throws KumpelError `USAGE`. */
  readonly lockFolder: (folder: string) => () => void;
  /** Settings of a file, or of the data folder. */
  readonly openSettings: (file: string | null, data: FileStore) => Promise<SettingsStore>;
  readonly clock: Clock;
  /** Null: this is no image, and whoever installed the program updates it. */
  readonly openUpdates: (folder: string) => UpdateParts | null;
  /** For secrets. */
  readonly randomBytes: RandomBytes;
  /** Finds the real board; rejects with one sentence where there is none or where the owner must say more. */
  readonly findMachine: (owner: OwnerSettings) => Promise<RealMachine>;
  /** Scales of a real machine. */
  readonly realScales: () => Scales;
  /** Names and addresses by which this machine can be called. */
  readonly networkNames: () => NetworkNames;
  /** Puts the calling thread before all other programs; rejects where the system does not let it. */
  readonly makeRealTime: () => Promise<void>;
  /** Hash chains of an emulated machine. */
  readonly chainCountOf: (machine: string) => number;
}
