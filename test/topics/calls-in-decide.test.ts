import { memoryStore, openJobwire } from "@jobwire/server/topics";
import { expect, test, vi } from "vitest";
import { tally } from "./tally.js";

const added = (by: number) => ({ type: "tally.added", by }) as const;
const [a, b] = [{ tallyId: "a" }, { tallyId: "b" }];

test("a `decide` that changes its own key itself is answered, and so is who comes meanwhile", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const tallies = jobwire.topic(tally);
  let isAsked = () => {};
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  const changing = tallies.change(a, async () => {
    isAsked();
    await tallies.publish(a, added(1));
    return [];
  });
  await asked;
  await tallies.publish(a, added(10));
  expect(await changing).toEqual({ state: null, ids: [] });
  expect(await tallies.state(a)).toEqual({ sum: 11 });
});

test("two that wait for each other's key in `decide` are both answered", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const tallies = jobwire.topic(tally);
  const both = [
    [a, b],
    [b, a],
  ] as const;
  await Promise.all(
    both.map(([own, other]) =>
      tallies.change(own, async (state) => {
        // The other one has changed this one meanwhile: it is asked again.
        if (!state) await tallies.publish(other, added(1));
        return added(10);
      }),
    ),
  );
  expect(await Promise.all([tallies.state(a), tallies.state(b)])).toEqual([{ sum: 11 }, { sum: 11 }]);
});

test("a `decide` that is in its own way again and again is told so", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const tallies = jobwire.topic(tally);
  await expect(
    tallies.change(a, async () => {
      await tallies.publish(a, added(1));
      return added(10);
    }),
  ).rejects.toMatchObject({ code: "CONFLICT", reason: "TOPIC_BUSY" });
  expect(await tallies.state(a)).toEqual({ sum: 25 });
});

test("an `onDue` that publishes to its own key holds up neither what else is due nor the end", async () => {
  const errors: unknown[] = [];
  const jobwire = await openJobwire({ store: memoryStore(), onError: (error) => errors.push(error) });
  const tallies = jobwire.topic(tally, {
    due: ({ sum }) => (sum === 1 ? new Date(0) : null),
    onDue: async (key) => {
      await tallies.publish(key, added(key.tallyId === "a" ? 1 : 2));
      return [];
    },
  });
  await Promise.all([a, b].map((key) => tallies.publish(key, added(1))));
  await vi.waitFor(
    async () =>
      expect(await Promise.all([tallies.state(a), tallies.state(b)])).toEqual([{ sum: 2 }, { sum: 3 }]),
    { timeout: 10_000 },
  );
  await jobwire[Symbol.asyncDispose]();
  expect(errors).toEqual([]);
});
