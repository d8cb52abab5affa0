/**
 * The settings file in its folder: read with a last good copy to fall back to, changed as a whole or not at all.
 *
 *   settings.toml          the owner's file
 *   settings.toml.good     the last one that was valid: what a broken file falls back to
 *   settings.toml.next     a change under way, so that a cut in its middle is told from a file that somebody cut short
 *   settings.toml.bad-N    broken files, kept aside; the oldest go
 *   settings.toml.form-N   the file as it was before it was brought into a later form
 */
import { errorText, isKumpelError, KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import { Mutex } from "#hal/mutex.ts";
import { type CheckedSettings, checkValue, refused, type SettingsProblem } from "./check.ts";
import { changed, type SettingsPatch } from "./patch.ts";
import { DEFAULT_SETTINGS, type Settings } from "./schema.ts";
import { lastLine, laterForm, looksCut, reachableText, readSettings, withoutMark } from "./settings-text.ts";
import { changeToml } from "./toml-change.ts";
import { parseToml } from "./toml-text.ts";

export const SETTINGS_FILE = "settings.toml";
export const BAD_MAX = 5;
/** What a factory reset leaves. */
export const FACTORY_TEXT = "# Settings of Kumpel; docs/SETTINGS.md lists all keys.\nsettings_version = 2\n";

/**
 * file: the owner's. lastGood: his is broken or gone, the last good one counts. none: there has never been one.
 * idle: his is broken and there is no good one; nothing may be switched on, and what is in force are the factory's settings
 * with what his says of how the program is reached.
 */
export type SettingsSource = "file" | "lastGood" | "none" | "idle";

export interface LoadedSettings {
  readonly source: SettingsSource;
  /** In force; the defaults where there is no file. */
  readonly settings: Settings;
  readonly text: string;
  readonly problems: readonly SettingsProblem[];
  /** What was done to the file, in words, for the log. */
  readonly notes: readonly string[];
}

export class SettingsStore {
  readonly #store: FileStore;
  readonly #factoryText: string;
  readonly name: string;
  readonly #turn = new Mutex();
  #loaded: LoadedSettings = { source: "none", settings: DEFAULT_SETTINGS, text: "", problems: [], notes: [] };

  /** @param factoryText what a reset leaves: an image has settings of its own for a first boot. */
  constructor(store: FileStore, name = SETTINGS_FILE, factoryText = FACTORY_TEXT) {
    this.#factoryText = factoryText;
    this.#store = store;
    this.name = name;
  }

  /** Where the file is, for messages. */
  get place(): string {
    return `${this.#store.place}/${this.name}`;
  }

  /** As of the last load or change. */
  get loaded(): LoadedSettings {
    return this.#loaded;
  }

  /** Never rejects for what is in the folder: what cannot be read is a problem like any other. */
  load(): Promise<LoadedSettings> {
    return this.#turn.run(async () => {
      this.#loaded = await this.#load();
      return this.#loaded;
    });
  }

  /** The file as it would be loaded; writes nothing. */
  async check(): Promise<CheckedSettings & { readonly isThere: boolean }> {
    const text = await this.#store.read(this.name);
    if (text === null) return { settings: null, problems: [], isThere: false };
    return { ...readSettings(withoutMark(text), this.name), isThere: true };
  }

  /**
   * Changes single keys and keeps comments and order; null removes a key.
   * @throws KumpelError `SETTINGS_INVALID` with one sentence for each key that is refused, `STORE_FAILED`.
   */
  change(patch: SettingsPatch): Promise<LoadedSettings> {
    return this.#turn.run(async () => {
      await this.#refresh();
      const { text, source } = this.#loaded;
      const changed = changeToml(this.#baseText, this.#changed(patch).value);
      // The last key of a file may go.
      const next = changed.trim() === "" ? FACTORY_TEXT : changed;
      const isNew = next !== text || source !== "file";
      return this.#replace(next, isNew);
    });
  }

  /** Takes over what somebody wrote into the file beside us. @throws KumpelError `SETTINGS_INVALID` where that is broken. */
  refresh(): Promise<void> {
    return this.#turn.run(() => this.#refresh());
  }

  /** As they would be after that change; writes nothing. @throws KumpelError `SETTINGS_INVALID`. */
  preview(patch: SettingsPatch): Settings {
    return this.#changed(patch).settings;
  }

  #changed(patch: SettingsPatch): { readonly value: Record<string, unknown>; readonly settings: Settings } {
    const parsed = parseToml(this.#baseText);
    if (parsed.kind === "broken") throw new KumpelError("SETTINGS_INVALID", `${this.name} is broken: ${parsed.reason}`);
    const value = changed(parsed.value, patch);
    const { settings, problems } = checkValue({ value, lineOf: () => 1 }, this.name);
    if (settings === null) throw invalid(problems, `${this.name} line 1: `);
    return { value, settings };
  }

  /** Puts a whole file in place, such as a backup. @throws KumpelError `SETTINGS_INVALID`, `STORE_FAILED`. */
  restore(text: string): Promise<LoadedSettings> {
    return this.#turn.run(() => this.#replace(withoutMark(text), true));
  }

  /** Back to the defaults; pools, passwords and limits of the owner are gone. @throws KumpelError `STORE_FAILED`. */
  reset(): Promise<LoadedSettings> {
    return this.#turn.run(async () => {
      const loaded = await this.#replace(this.#factoryText, true);
      const kept = [`${this.name}.bad-`, `${this.name}.form-`];
      for (const name of await this.#store.list())
        if (kept.some((prefix) => name.startsWith(prefix))) await this.#store.remove(name);
      return loaded;
    });
  }

  /** What a change begins with. */
  get #baseText(): string {
    return this.#loaded.text === "" ? this.#factoryText : this.#loaded.text;
  }

  async #refresh(): Promise<void> {
    const { source, text } = this.#loaded;
    const there = await this.#tryRead(this.name);
    if (typeof there !== "string" || there === text) return;
    const loaded = await this.#load();
    // What was broken already is replaced by the change; it is kept aside.
    if (loaded.source !== "file" && source !== "file" && source !== "none") return;
    if (loaded.source !== "file") {
      const why = loaded.problems.map(({ sentence }) => sentence).join("; ");
      throw new KumpelError(
        "SETTINGS_INVALID",
        `${this.name} was changed by hand and is broken, mend it first: ${why}.`,
      );
    }
    this.#loaded = loaded;
  }

  async #load(): Promise<LoadedSettings> {
    const notes: string[] = [];
    const [text, good, next] = await Promise.all([
      this.#tryRead(this.name),
      this.#tryRead(`${this.name}.good`),
      this.#tryRead(`${this.name}.next`),
    ]);
    if (text === null && good === null)
      return { source: "none", settings: DEFAULT_SETTINGS, text: "", problems: [], notes };
    const checked = this.#judge(text, good, next);
    if (checked.settings !== null && typeof text === "string") {
      const present = await this.#present(text, good, notes);
      return { source: "file", settings: checked.settings, text: present, problems: checked.problems, notes };
    }
    if (typeof text === "string") await this.#keepAside(text, notes);
    const fallback = typeof good === "string" ? readSettings(good, `${this.name}.good`).settings : null;
    if (fallback === null || typeof good !== "string") {
      const reachable = reachableText(typeof text === "string" ? text : null, this.#factoryText);
      const settings = readSettings(reachable, this.name).settings ?? DEFAULT_SETTINGS;
      return { source: "idle", settings, text: reachable, problems: checked.problems, notes };
    }
    return { source: "lastGood", settings: fallback, text: good, problems: checked.problems, notes };
  }

  #judge(text: string | KumpelError | null, good: string | KumpelError | null, next: string | KumpelError | null) {
    if (text === null) return refused(this.name, null, "is gone");
    if (text instanceof KumpelError) return refused(this.name, null, `cannot be read (${errorText(text)})`);
    const checked = readSettings(text, this.name);
    if (checked.settings === null || typeof good !== "string" || text === next) return checked;
    return looksCut(text, good)
      ? refused(
          this.name,
          lastLine(text),
          "ends where the last good settings go on: it looks cut off; add a comment line at its end if that is meant",
        )
      : checked;
  }

  /** Brings the file into the present form and remembers it as the last good one. */
  async #present(text: string, good: string | KumpelError | null, notes: string[]): Promise<string> {
    const later = laterForm(text, notes);
    try {
      if (later !== null) {
        await this.#store.write(`${this.name}.form-${later.form}`, text);
        await this.#write(later.text, notes);
        notes.push(...later.steps);
      } else if (text !== good) await this.#store.write(`${this.name}.good`, text);
      await this.#store.remove(`${this.name}.next`);
    } catch (error) {
      if (!isKumpelError(error, "STORE_FAILED")) throw error;
      notes.push(`the last good copy is not up to date: ${errorText(error)}`);
    }
    return later?.text ?? text;
  }

  async #replace(next: string, isNew: boolean): Promise<LoadedSettings> {
    const { settings, problems } = readSettings(next, this.name);
    if (settings === null) throw invalid(problems, "");
    const notes: string[] = [];
    if (isNew) await this.#write(next, notes);
    this.#loaded = { source: "file", settings, text: next, problems, notes };
    return this.#loaded;
  }

  /**
   * The order matters: whatever step the power goes at, the file is the old or the new one, and is believed. Once the file
   * itself is written it counts, whatever becomes of its copy.
   */
  async #write(text: string, notes: string[]): Promise<void> {
    await this.#store.write(`${this.name}.next`, text);
    await this.#store.write(this.name, text);
    try {
      await this.#store.write(`${this.name}.good`, text);
      await this.#store.remove(`${this.name}.next`);
    } catch (error) {
      if (!isKumpelError(error, "STORE_FAILED")) throw error;
      notes.push(`the last good copy is not up to date: ${errorText(error)}`);
    }
  }

  async #tryRead(name: string): Promise<string | KumpelError | null> {
    try {
      const text = await this.#store.read(name);
      return text === null ? null : withoutMark(text);
    } catch (error) {
      if (!isKumpelError(error, "STORE_FAILED")) throw error;
      return error;
    }
  }

  /** The same broken file at each start is kept once. */
  async #keepAside(text: string, notes: string[]): Promise<void> {
    const prefix = `${this.name}.bad-`;
    try {
      const numbers = (await this.#store.list())
        .filter((name) => name.startsWith(prefix))
        .map((name) => Number(name.slice(prefix.length)))
        .filter((number) => Number.isInteger(number))
        .sort((a, b) => a - b);
      const newest = numbers.at(-1) ?? 0;
      if (newest > 0 && (await this.#store.read(`${prefix}${newest}`)) === text) return;
      await this.#store.write(`${prefix}${newest + 1}`, text);
      notes.push(`the broken file is kept as ${prefix}${newest + 1}`);
      for (const old of numbers.slice(0, Math.max(0, numbers.length + 1 - BAD_MAX)))
        await this.#store.remove(`${prefix}${old}`);
    } catch (error) {
      if (!isKumpelError(error, "STORE_FAILED")) throw error;
      notes.push(`the broken file is not kept aside: ${errorText(error)}`);
    }
  }
}

function invalid(problems: readonly SettingsProblem[], prefix: string): KumpelError {
  const broken = problems.filter(({ kind }) => kind === "broken");
  const text = broken
    .map(({ sentence }) => (prefix !== "" && sentence.startsWith(prefix) ? sentence.slice(prefix.length) : sentence))
    .join("; ");
  return new KumpelError("SETTINGS_INVALID", `${text}.`, { details: { keys: broken.map(({ key }) => key) } });
}
