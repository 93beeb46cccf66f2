import { expect, test } from "vitest";
import { answerTextOf } from "../../client/src/cli/answer-text.js";

test.each([
  ['{"status":"unavailable","store":"unreachable"}', '{"status":"unavailable","store":"unreachable"}'],
  ["<html><body>502 Bad Gateway</body></html>", "something in between answers in its place"],
  ["", "something in between answers in its place"],
  ["upstream connect error\u001b[31m", "something in between answers in its place"],
])("an answer is for a terminal when it is JSON: %j", async (body, text) => {
  expect(await answerTextOf(new Response(body, { status: 502 }))).toBe(text);
});

test("a long answer is cut", async () => {
  expect(await answerTextOf(new Response(JSON.stringify("x".repeat(5000))))).toHaveLength(600);
});
