/** Settings files as other programs and people leave them, and what a change, a reset and a safe idle make of them. */
import { describe, expect, test } from "vitest";
import { FACTORY_TEXT, SettingsStore } from "#firmware/config/settings-store.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { KumpelError } from "#hal/errors.ts";

const POOLS = 'settings_version = 2\n[[pool_groups]]\n[[pool_groups.pools]]\nurl = "a:1"\nuser = "me"\n';
/** What an image brings for its first boot. */
const IMAGE_TEXT = 'settings_version = 2\n[network.http]\nlisten = "0.0.0.0"\n';

function storeOf(text: string | null, memory = new MemoryStore(), factoryText = FACTORY_TEXT) {
  if (text !== null) memory.files.set("settings.toml", text);
  return { memory, store: new SettingsStore(memory, "settings.toml", factoryText) };
}
const fileOf = ({ files }: MemoryStore): string => files.get("settings.toml") ?? "";

describe("an edit by hand while the program runs", () => {
  test("is taken over by the next change, not lost", async () => {
    const { memory, store } = storeOf(POOLS);
    await store.load();
    memory.files.set("settings.toml", `${POOLS}[cooling]\nboard_limit_c = 65 # by hand\n`);
    const { settings } = await store.change({ cooling: { fan_manual_pct: 55 } });
    expect(settings.cooling).toMatchObject({ board_limit_c: 65, fan_manual_pct: 55 });
    expect(fileOf(memory)).toContain("board_limit_c = 65 # by hand\nfan_manual_pct = 55\n");
  });

  test("counts after a refresh, and where there was no file before", async () => {
    const { memory, store } = storeOf(null);
    await store.load();
    memory.files.set("settings.toml", POOLS);
    await store.refresh();
    expect(store.loaded).toMatchObject({ source: "file", settings: { pool_groups: [{ pools: [{ url: "a:1" }] }] } });
  });

  test("that broke the file keeps a change from being made, and both as they are", async () => {
    const { memory, store } = storeOf(POOLS);
    const { settings } = await store.load();
    const broken = `${POOLS}[cooling]\nboard_limit_c = 900\n`;
    memory.files.set("settings.toml", broken);
    await expect(store.change({ cooling: { fan_max_pct: 90 } })).rejects.toThrow(
      /^settings.toml was changed by hand and is broken, mend it first: settings.toml line 7: cooling.board_limit_c is 900/,
    );
    expect([fileOf(memory), store.loaded.settings]).toEqual([broken, settings]);
  });

  test("that mended a broken file counts, whether there was a last good copy or not", async () => {
    for (const good of [null, POOLS]) {
      const { memory, store } = storeOf("[cooling]\ntarget_c = 900\n");
      if (good !== null) memory.files.set("settings.toml.good", good);
      expect((await store.load()).source).toBe(good === null ? "idle" : "lastGood");
      memory.files.set("settings.toml", `${POOLS}[cooling]\ntarget_c = 50 # mended\n`);
      const { settings } = await store.change({ cooling: { fan_max_pct: 90 } });
      expect(settings).toMatchObject({ cooling: { target_c: 50, fan_max_pct: 90 }, pool_groups: [{ quota: 1 }] });
      expect(fileOf(memory)).toContain("target_c = 50 # mended");
    }
  });

  test("does not outlive a reset or a restored backup", async () => {
    for (const act of [(s: SettingsStore) => s.reset(), (s: SettingsStore) => s.restore(FACTORY_TEXT)]) {
      const { memory, store } = storeOf(FACTORY_TEXT);
      await store.load();
      memory.files.set("settings.toml", POOLS);
      await act(store);
      expect(fileOf(memory)).toBe(FACTORY_TEXT);
    }
  });
});

test("a reset leaves no copy with the old passwords", async () => {
  const { memory, store } = storeOf('[[pools]]\nurl = "a:1"\nuser = "me"\npassword = "S3cret"\n');
  await store.load();
  memory.files.set("settings.toml", 'password = "S3cret');
  await store.load();
  expect([...memory.files.values()].filter((text) => text.includes("S3cret")).length).toBeGreaterThan(2);
  await store.reset();
  expect([...memory.files].filter(([, text]) => text.includes("S3cret"))).toEqual([]);
});

test("a file with a byte order mark is read, found good, changed and restored like any other", async () => {
  const marked = `\uFEFF${POOLS}`;
  const { memory, store } = storeOf(marked);
  expect(await store.check()).toMatchObject({ isThere: true, problems: [] });
  expect(await store.load()).toMatchObject({ source: "file", problems: [] });
  await store.change({ cooling: { fan_max_pct: 90 } });
  expect(fileOf(memory)).toBe(`${POOLS}\n[cooling]\nfan_max_pct = 90\n`);
  await store.restore(marked);
  expect(fileOf(memory)).toBe(POOLS);
  memory.files.set("settings.toml", `\uFEFF${POOLS}[cooling]\ntarget_c = 900\n`);
  expect((await store.load()).problems[0]?.line).toBe(7);
});

/** One file of it cannot be written. */
class PickyStore extends MemoryStore {
  fails = "";

  override write(name: string, text: string): Promise<void> {
    if (name === this.fails) return Promise.reject(new KumpelError("STORE_FAILED", `${name}: no space; free some`));
    return super.write(name, text);
  }
}

test("a change that is in the file counts, although its copy could not be written", async () => {
  const picky = new PickyStore();
  const { store } = storeOf(POOLS, picky);
  await store.load();
  picky.fails = "settings.toml.good";
  const { settings, notes } = await store.change({ cooling: { fan_max_pct: 40 } });
  expect([settings.cooling.fan_max_pct, notes.length]).toEqual([40, 1]);
  expect(fileOf(picky)).toContain("fan_max_pct = 40");
  await store.change({ cooling: { fan_max_pct: 80 } });
  expect((await new SettingsStore(picky).load()).settings.cooling.fan_max_pct).toBe(80);
  picky.fails = "settings.toml";
  await expect(store.change({ cooling: { fan_max_pct: 30 } })).rejects.toThrow("no space");
  expect(store.loaded.settings.cooling.fan_max_pct).toBe(80);
});

describe("a safe idle", () => {
  const http = '[network.http]\nlisten = "0.0.0.0"\nport = 18099\n';

  test("is reached as the broken file says, and mending keeps that", async () => {
    const { memory, store } = storeOf(`${http}[security]\nsession_hours = 1\n[cooling]\ntarget_c = 900\n`);
    const { source, settings } = await store.load();
    expect(source).toBe("idle");
    expect(settings).toMatchObject({
      network: { http: { listen: "0.0.0.0", port: 18_099 } },
      security: { session_hours: 1 },
      pool_groups: [],
    });
    await store.change({ pool_groups: [{ pools: [{ url: "b:2", user: "me" }] }] });
    const again = await new SettingsStore(memory).load();
    expect(again).toMatchObject({ source: "file", settings: { network: { http: { port: 18_099 } } } });
    expect(memory.files.get("settings.toml.bad-1")).toContain("target_c = 900");
  });

  test.each([
    ["no TOML at all", "= ="],
    ["nobody's address", '[network.http]\nlisten = "beef"\n'],
    ["nothing", ""],
  ])("is reached as the image says where the file holds %s", async (_, text) => {
    const { memory, store } = storeOf(text, new MemoryStore(), IMAGE_TEXT);
    expect(await store.load()).toMatchObject({
      source: "idle",
      settings: { network: { http: { listen: "0.0.0.0" } } },
    });
    await store.change({ cooling: { fan_max_pct: 90 } });
    expect(fileOf(memory)).toContain('listen = "0.0.0.0"');
  });
});

describe("the first form", () => {
  test("with an empty list of pools is a file without pools", async () => {
    const { store } = storeOf("pools = []\n[cooling]\nfan_max_pct = 90\n");
    expect(await store.load()).toMatchObject({ source: "file", problems: [], settings: { pool_groups: [] } });
  });

  test("tells the line of a wrong pool", async () => {
    const { store } = storeOf('# mine\n[[pools]]\nurl = "a:1"\nuser = "me"\n\n[[pools]]\nurl = "b:2"\nuser = 7\n');
    expect((await store.load()).problems).toMatchObject([{ line: 8 }]);
  });

  test("of a size that nobody needs is refused like any other", async () => {
    const { store } = storeOf(`[[pools]]\nurl = "a:1"\nuser = "me"\n${"# x\n".repeat(20_000)}`);
    expect((await store.load()).problems[0]?.sentence).toContain("at most 65536 are taken");
  });
});

test("the last key of a file may go", async () => {
  const { memory, store } = storeOf("cooling.fan_manual_pct = 40\n");
  await store.load();
  expect((await store.change({ cooling: { fan_manual_pct: null } })).settings.cooling.fan_manual_pct).toBeUndefined();
  expect(fileOf(memory)).toContain("settings_version = 2");
});
