import { defineConfig } from "vitest/config";

/** Tests run the sources of the workspace's packages, not their builds: see `exports` in each package.json. */
const conditions = ["@jobwire/source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "./test/support/build-programs.ts",
    typecheck: {
      enabled: true,
      include: ["test/types/**/*.test-d.ts"],
      tsconfig: "test/types/tsconfig.json",
    },
    reporters: ["default", "./test/support/summary-reporter.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A test file may run a Redis server, Jobwire servers and a browser of its own, and waits for them a third of its time.
    maxWorkers: 3,
  },
});
