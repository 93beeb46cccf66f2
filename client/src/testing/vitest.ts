/**
 * Adds the matchers to Vitest's `expect`: `setupFiles: ["@jobwire/client/testing/vitest"]`, or import it in a test.
 * @module @jobwire/client/testing/vitest
 */
import { expect } from "vitest";
import { matchers } from "./matchers.js";

expect.extend(matchers);

declare module "vitest" {
  interface Matchers<T> {
    /** Each id follows the one before it: nothing is missing, nothing came twice. Takes `collect(…)` or ids. */
    toHaveContiguousIds(): T;
    /** The last events have at least these fields, in this order. Takes `collect(…)` or events. */
    toEndWith(...expected: readonly object[]): T;
  }
}
