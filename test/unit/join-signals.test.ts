import { getEventListeners, once } from "node:events";
import { expect, test } from "vitest";
import { joinSignals } from "../../server/src/join-signals.js";

/** Twenty, each joined with one that lives on: more than Node takes for a leak. */
function joinMany() {
  const living = new AbortController();
  const joined = Array.from({ length: 20 }, () => joinSignals([living.signal, new AbortController().signal]));
  return { living, joined };
}

test("joined signals abort with the first, also with one that has aborted before", () => {
  const { living, joined } = joinMany();
  expect(joined.map(({ signal }) => signal.aborted)).not.toContain(true);
  living.abort();
  expect(joined.map(({ signal }) => signal.aborted)).not.toContain(false);
  using late = joinSignals([undefined, new AbortController().signal, living.signal]);
  expect(late.signal.aborted).toBe(true);
});

test("joined signals leave nothing with one that lives on", () => {
  const { living, joined } = joinMany();
  for (const one of joined) one[Symbol.dispose]();
  expect(getEventListeners(living.signal, "abort")).toEqual([]);
  living.abort();
  expect(joined.map(({ signal }) => signal.aborted)).not.toContain(true);
});

test("joined signals abort after their time, without any other", async () => {
  using joined = joinSignals([undefined], 1);
  await once(joined.signal, "abort");
});
