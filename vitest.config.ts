import { defineConfig } from "vitest/config";

// Real processes, and the fault table with its minutes of virtual time, have a command of their own: npm run test:long.
const LONG = [
  "test/process/**",
  "test/faults/*.test.ts",
  "test/firmware/config/kills.test.ts",
  "test/scenarios/cases/h23-settings.test.ts",
  "test/scenarios/cases/h24-requests.test.ts",
  "test/scenarios/board-faults-*.test.ts",
];
const isShort = process.env["TEST_SET"] === "short";

// Forks, not threads: native add-ons crash in worker threads.
export default defineConfig({
  test: {
    pool: "forks",
    include:
      process.env["TEST_SET"] === "long"
        ? LONG.map((path) => path.replace("/**", "/*.test.ts"))
        : ["test/**/*.test.ts"],
    exclude: isShort ? LONG : [],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxConcurrency: 4,
    // The process tests mostly wait: they and the reckoning ones share two processors well.
    maxWorkers: 3,
    globalSetup: ["test/support/bundle-setup.ts"],
  },
});
