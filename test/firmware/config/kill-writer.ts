/** Run by the test of real kills: counts on in three settings at once and says each number when it is on disk. */
import { SettingsStore } from "#firmware/config/settings-store.ts";
import { FolderStore } from "#hal/linux/folder-store.ts";

async function count(folder: string): Promise<void> {
  const store = new SettingsStore(await FolderStore.open(folder));
  let { port: number } = (await store.load()).settings.network.metrics;
  for (;;) {
    number++;
    await store.change({
      network: { metrics: { port: number } },
      tuning: { frequency_mhz: 50 + (number % 900) },
      cooling: { fan_min_pct: number % 30 },
    });
    process.stdout.write(`${number}\n`);
  }
}

void count(process.argv[2] ?? "");
