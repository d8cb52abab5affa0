import { defineConfig } from "vitest/config";

// Forks, not threads: native add-ons crash in worker threads.
export default defineConfig({
  test: {
    pool: "forks",
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxConcurrency: 4,
    // The process tests mostly wait: they and the reckoning ones share two processors well.
    maxWorkers: 3,
    globalSetup: ["test/support/bundle-setup.ts"],
  },
});
