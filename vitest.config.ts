import { defineConfig } from "vitest/config";

// Real processes, and the fault table with its minutes of virtual time, have a command of their own: npm run test:long.
const LONG = [
  "test/process/*.test.ts",
  "test/**/long-*.test.ts",
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
const ALL = ["test/**/*.test.ts"];
const INCLUDED = set === "long" ? LONG : set === "peers" ? PEERS : set === "web" ? WEB : ALL;

// What looks at the heap: its functions must not have been optimised for other callers, in other files of the same process.
const HEAP = [
  "test/bench/allocation.test.ts",
  "test/drivers/bm13xx/response-parser.test.ts",
  "test/firmware/trace/trace-writer.test.ts",
  "test/firmware/config/fuzz.test.ts",
  "test/firmware/api/cgminer/fuzz.test.ts",
  "test/firmware/api/http/fuzz.test.ts",
  "test/firmware/api/stock/digest.test.ts",
  "test/scenarios/cases/h10-h13-jobs.test.ts",
];
const globalSetup = ["test/support/bundle-setup.ts"];

// The short set reads each module once in a process, not once in a file of tests: that is a third of its time.
const OTHERS = [...LONG, ...PEERS, ...WEB, ...HEAP];
const SHORT = [
  { extends: true as const, test: { name: "short", include: ALL, exclude: OTHERS, isolate: false, globalSetup } },
  { extends: true as const, test: { name: "heap", include: HEAP, isolate: true } },
];

// Forks, not threads: native add-ons crash in worker threads.
export default defineConfig({
  test: {
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxConcurrency: 4,
    // The process tests mostly wait: they and the reckoning ones share two processors well.
    maxWorkers: 3,
    ...(set === "short" ? { projects: SHORT } : { include: INCLUDED, exclude: [], globalSetup }),
  },
});
