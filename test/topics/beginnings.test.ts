import { openJobwire } from "@jobwire/server/topics";
import { expect, test } from "vitest";
import { take } from "./order.js";
import { describeOnEachTopicStore } from "./stores.js";
import { tally } from "./tally.js";

const key = { tallyId: "a" };
const added = (by: number) => ({ type: "tally.added", by }) as const;

describeOnEachTopicStore("a new stream", (newStore) => {
  test("of a log that was removed under another one begins with what comes after", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const tallies = jobwire.topic(tally);
    await tallies.publish(key, added(1));
    const before = tallies.stream(key)[Symbol.asyncIterator]();
    await before.next();
    const over = before.next();
    await tallies.remove(key);
    expect((await over).done).toBe(true);
    const newest = tallies.stream({ ...key, replay: "none" });
    const fromNow = await jobwire.fromNow(newest);
    const later = [tallies.stream(key), newest].map((stream) => take(stream, 1));
    for await (const { event } of tallies.history(key)) expect(event).toBeUndefined();
    await tallies.publish(key, added(2));
    for (const [item] of await Promise.all([...later, take(fromNow, 1)]))
      expect(item?.event).toMatchObject({ type: "tally.added", by: 2 });
  });

  test("of a state that no event says begins with its first event, and has lost nothing", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const tallies = jobwire.topic(tally);
    await tallies.change(key, () => ({ state: { sum: 4 }, events: [] }));
    for await (const { event } of tallies.history(key)) expect(event).toBeUndefined();
    const first = take(tallies.stream(key), 1);
    await tallies.publish(key, added(1));
    expect((await first)[0]?.event).toMatchObject({ type: "tally.added", by: 1 });
    expect(await tallies.state(key)).toEqual({ sum: 5 });
  });
});
