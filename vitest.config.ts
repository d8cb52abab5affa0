import { defineConfig } from "vitest/config";

// Real processes, and the fault table with its minutes of virtual time, have a command of their own: npm run test:long.
const LONG = [
  "test/process/**",
  "test/faults/*.test.ts",
  "test/hil/machines.test.ts",
  "test/firmware/config/kills.test.ts",
  "test/scenarios/cases/h23-settings.test.ts",
  "test/scenarios/cases/h24-requests.test.ts",
  "test/scenarios/board-faults-*.test.ts",
  "test/scenarios/hostile-pool.test.ts",
  "test/scenarios/odd-pools.test.ts",
  "test/scenarios/machines.test.ts",
  "test/hal/emulator/child.test.ts",
];
// Other people's programs, which must be installed: npm run test:peers.
const PEERS = ["test/peers/**/*.test.ts"];
// The page in a real Chromium: npm run test:web.
const WEB = ["test/web/**/*.test.ts"];
const set = process.env["TEST_SET"];
const INCLUDED = set === "long" ? LONG.map((path) => path.replace("/**", "/*.test.ts")) : ["test/**/*.test.ts"];

// Forks, not threads: native add-ons crash in worker threads.
export default defineConfig({
  test: {
    pool: "forks",
    include: set === "peers" ? PEERS : set === "web" ? WEB : INCLUDED,
    exclude: set === "short" ? [...LONG, ...PEERS, ...WEB] : [],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxConcurrency: 4,
    // The process tests mostly wait: they and the reckoning ones share two processors well.
    maxWorkers: 3,
    globalSetup: ["test/support/bundle-setup.ts"],
  },
});
