import { defineConfig } from "vitest/config";

/** `npm run test:packages`: not part of `npm test`, as it installs hundreds of packages from a registry. */
export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/registry/**/*.test.ts"],
    reporters: ["default", "./test/support/summary-reporter.ts"],
    exclude: ["**/node_modules/**", "test/dist/**", "test/registry/projects/**"],
  },
});
