import { defineTopic } from "@jobwire/shared";
import { memoryStore, openJobwire, redisStore } from "@jobwire/server/topics";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { alarm, openAlarms } from "./alarms.js";
import { take } from "./order.js";
import { describeOnEachTopicStore, describeOnRedis, newPrefix } from "./stores.js";

const soon = () => new Date(Date.now() + 50);

describeOnEachTopicStore("what is due", (newStore) => {
  test("happens at its time, once", async () => {
    await using clock = await openAlarms(newStore(), "one");
    await clock.alarms.publish({ alarmId: "a" }, { type: "alarm.set", at: soon() });
    await clock.alarms.publish(
      { alarmId: "later" },
      { type: "alarm.set", at: new Date(Date.now() + 3_600_000) },
    );
    const taken = await take(clock.alarms.stream({ alarmId: "a" }), 2);
    expect(taken[1]?.event).toMatchObject({ type: "alarm.rang", by: "one" });
    expect(await clock.alarms.state({ alarmId: "later" })).toMatchObject({ rings: 0 });
    expect(clock.errors).toEqual([]);
  });

  test("goes on although one of them throws or says nothing, which is told", async () => {
    await using clock = await openAlarms(newStore(), "one");
    for (const alarmId of ["broken", "silent", "a"])
      await clock.alarms.publish({ alarmId }, { type: "alarm.set", at: new Date(Date.now() - 1000) });
    await take(clock.alarms.stream({ alarmId: "a" }), 2);
    await vi.waitFor(() => expect(clock.errors).toHaveLength(2));
    expect(clock.errors).toContainEqual(expect.objectContaining({ message: "broken" }));
    expect(clock.errors).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining("onDue says no event") }),
    );
  });

  test("a time that was put off is not due any more", async () => {
    await using clock = await openAlarms(newStore(), "one");
    await clock.alarms.publish({ alarmId: "put off" }, { type: "alarm.set", at: soon() });
    await clock.alarms.publish(
      { alarmId: "put off" },
      { type: "alarm.set", at: new Date(Date.now() + 3_600_000) },
    );
    await clock.alarms.publish({ alarmId: "a" }, { type: "alarm.set", at: soon() });
    await take(clock.alarms.stream({ alarmId: "a" }), 2);
    expect(await clock.alarms.state({ alarmId: "put off" })).toMatchObject({ rings: 0 });
  });
});

describeOnRedis("what is due, over two processes", (redis) => {
  test("happens once for each of many, whoever does it, also when who set it is gone", async () => {
    const store = () => redisStore({ url: redis().url, prefix });
    const prefix = newPrefix();
    await using first = await openAlarms(store(), "first");
    const second = await openAlarms(store(), "second");
    const ids = Array.from({ length: 60 }, (_, index) => String(index));
    await Promise.all(
      ids.map((alarmId) => second.alarms.publish({ alarmId }, { type: "alarm.set", at: soon() })),
    );
    await second[Symbol.asyncDispose]();
    await using third = await openAlarms(store(), "third");
    await vi.waitFor(
      async () => {
        const { items } = await third.alarms.list({ limit: 1000 });
        expect(items.map(({ state }) => state.rings)).toEqual(ids.map(() => 1));
      },
      { timeout: 10_000 },
    );
    expect([...first.errors, ...third.errors]).toEqual([]);
  });
});

test("due and onDue come together, and need a state", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  expect(() => jobwire.topic(alarm, { due: () => null })).toThrow("due and onDue come together");
  const stateless = defineTopic("stateless", {
    key: z.object({ id: z.string() }),
    events: { made: z.object({}) },
  });
  expect(() => jobwire.topic(stateless, { index: () => [] })).toThrow("need a state");
});
