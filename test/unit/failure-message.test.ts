import { expect, test } from "vitest";
import { failureMessage } from "../../client/src/worker/failure-message.js";

test.each([
  ["an error", new Error("no space left"), "no space left"],
  ["an error without a message", new TypeError(), "TypeError"],
  ["an error whose message is none", Object.assign(new Error(), { message: { code: 1 } }), "[object Object]"],
  ["a text", "no space left", "no space left"],
  ["nothing", undefined, "undefined"],
  ["an empty text", "", "Unknown error"],
  ["what has no text", Object.create(null), "Unknown error"],
  ["what cannot be made a text", { toString: () => ({}) }, "Unknown error"],
])("whatever a stage throws fails its job with a reason: %s", (_name, thrown: unknown, message) => {
  expect(failureMessage(thrown)).toBe(message);
});
