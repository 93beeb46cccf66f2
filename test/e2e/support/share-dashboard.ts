import type { TestProject } from "vitest/node";
import { buildDashboard } from "./built-dashboard.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the built dashboard. */
    readonly dashboard: string;
  }
}

/** The dashboard is built once for all test files of a run. */
export default async function shareDashboard(project: TestProject): Promise<() => PromiseLike<void>> {
  const built = await buildDashboard();
  project.provide("dashboard", built.folder);
  return () => built[Symbol.asyncDispose]();
}
