import { defineConfig } from "vitest/config";
import LongestFirst from "./test/support/longest-first.js";

/** Tests run the sources of the workspace's packages, not their builds: see `exports` in each package.json. */
const conditions = ["@jobwire/source", "module", "node", "development|production"];

/** These make a page of their process. */
const react = ["test/react/**/*.test.ts"];

/** These render as a server and as a browser does, of which React complains once for each context in their process. */
const twoRenderers = ["test/react/hydration.test.ts", "test/examples/react.test.ts"];

/** These measure what is left in their process, or would disturb others there. */
const alone = [
  ...twoRenderers,
  "test/client/{proxies,retry-schedule,revival,sse-link}.test.ts",
  "test/client/scenarios/*.test.ts",
  "test/client/tabs/{attention,leader-watch,leadership,shared-stream}.test.ts",
  "test/streams/{leaving-reader,merged-stream,topic-hub,topic-hubs-disposal}.test.ts",
  "test/sse/faults/heartbeat.test.ts",
];

/** These look at the dashboard as it is published. */
const page = ["test/e2e/*.test.ts"];

export default defineConfig({
  resolve: { conditions },
  // What Node itself loads: `module` is for bundlers only, and not every such build is one that Node can load.
  ssr: { resolve: { conditions: conditions.filter((condition) => condition !== "module") } },
  test: {
    globalSetup: "./test/support/build-programs.ts",
    reporters: ["default", "./test/support/summary-reporter.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A test file may run a Redis server, Jobwire servers and a browser of its own, and waits for them a third of its time.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { name: "alone", include: alone } },
      { extends: true, test: { name: "react", include: react, exclude: twoRenderers, isolate: false } },
      // Installs hundreds of packages from a registry: `npm run test:packages`.
      { extends: true, test: { name: "packages", include: ["test/registry/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "page",
          include: page,
          isolate: false,
          globalSetup: "./test/e2e/support/share-dashboard.ts",
        },
      },
      {
        extends: true,
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: [...alone, ...react, ...page, "**/node_modules/**", "test/dist/**", "test/registry/**"],
          // Files share what they import: a fifth of the time goes into importing otherwise.
          isolate: false,
          typecheck: {
            enabled: true,
            include: ["test/types/**/*.test-d.ts"],
            tsconfig: "test/types/tsconfig.json",
          },
        },
      },
    ],
  },
});
