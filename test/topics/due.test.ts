import { EventEmitter, once } from "node:events";
import { defineTopic } from "@jobwire/shared";
import { memoryStore, openJobwire, redisStore, type JobwireStore } from "@jobwire/server/topics";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import type { DuePage, DueQuery, DueState } from "../../server/src/store/store.js";
import { Inbox } from "../support/collect.js";
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

  test("is done beside each other, some at a time, and one that takes for ever holds up no other", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const release = new EventEmitter();
    const rounds = { all: 0, open: 0, most: 0 };
    const alarms = jobwire.topic(alarm, {
      due: ({ at, rings }) => (rings === 0 ? at : null),
      onDue: async ({ alarmId }) => {
        if (alarmId === "hanging") await once(release, "hanging");
        rounds.most = Math.max(rounds.most, ++rounds.open);
        // The first ones wait for each other.
        if (++rounds.all === 10) release.emit("together");
        else if (rounds.all < 10) await once(release, "together");
        rounds.open -= 1;
        return { type: "alarm.rang", by: "one" };
      },
    });
    const set = (alarmId: string, at: Date) => alarms.publish({ alarmId }, { type: "alarm.set", at });
    const ids = Array.from({ length: 60 }, (_, index) => `a${index}`);
    const at = soon();
    await Promise.all(["hanging", ...ids].map((alarmId) => set(alarmId, at)));
    for (const alarmId of ids) await take(alarms.stream({ alarmId }), 2);
    await set("later", soon());
    await take(alarms.stream({ alarmId: "later" }), 2);
    expect(rounds.most).toBeGreaterThanOrEqual(10);
    expect(rounds.most).toBeLessThanOrEqual(25);
    expect(await alarms.state({ alarmId: "hanging" })).toMatchObject({ rings: 0 });
    release.emit("hanging");
    await take(alarms.stream({ alarmId: "hanging" }), 2);
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

describeOnRedis(
  "what another process has ended, between the list of what is due and the read of it,",
  (redis) => {
    const fuse = defineTopic("fuse", {
      key: z.object({ fuseId: z.string() }),
      events: { "fuse.lit": z.object({}), "fuse.burnt": z.object({}) },
      ends: ["fuse.burnt"],
      state: z.object({ burnt: z.boolean() }),
      apply: (_state, { type }) => ({ burnt: type === "fuse.burnt" }),
    });
    async function openFuses(store: JobwireStore, dueAt: Date) {
      const jobwire = await openJobwire({ store });
      const fuses = jobwire.topic(fuse, {
        index: () => ["fuses"],
        due: ({ burnt }) => (burnt ? null : dueAt),
        onDue: () => ({ type: "fuse.burnt" }),
      });
      return { fuses, [Symbol.asyncDispose]: () => jobwire[Symbol.asyncDispose]() };
    }

    /** Reads the states that are due when they are told to, and says when it looks for the next. */
    function slowStore(store: JobwireStore, readsAfter: Promise<unknown>) {
      const looks = new Inbox<"listed" | "done">();
      const open: JobwireStore["open"] = async (setup) => {
        const opened = await store.open(setup);
        const [listDue, nextDue] = [opened.listDue.bind(opened), opened.nextDue.bind(opened)];
        let isRead = false;
        return Object.assign(opened, {
          async listDue(query: DueQuery): Promise<DuePage> {
            const { items, isLost } = await listDue(query);
            if (items.length === 0) return { items, isLost };
            looks.push("listed");
            await readsAfter;
            isRead = true;
            const { scope } = query;
            const read = async ({ key }: DueState) => ({
              key,
              state: await opened.readState({ scope, key }),
            });
            return { items: await Promise.all(items.map(read)), isLost };
          },
          async nextDue(scope: string) {
            if (isRead) looks.push("done");
            return nextDue(scope);
          },
        });
      };
      return { open, looks };
    }

    test("is kept as long as all that has ended", async () => {
      const store = redisStore({ url: redis().url, prefix: newPrefix() });
      const [key, burning] = [{ fuseId: "a" }, new EventEmitter()];
      const slow = slowStore(store, once(burning, "burnt"));
      await using late = await openFuses(slow, new Date());
      await late.fuses.publish(key, { type: "fuse.lit" });
      await slow.looks.first(1);
      await using other = await openFuses(store, new Date(Date.now() + 3_600_000));
      await other.fuses.publish(key, { type: "fuse.burnt" });
      burning.emit("burnt");
      await slow.looks.until((look) => look === "done");
      expect(await other.fuses.state(key)).toEqual({ burnt: true });
      expect(await other.fuses.counts()).toEqual({ fuses: 1 });
      const said = await take(other.fuses.stream(key));
      expect(said.map(({ event }) => event.type)).toEqual(["fuse.lit", "fuse.burnt"]);
    });
  },
);

test("due and onDue come together, and need a state", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  expect(() => jobwire.topic(alarm, { due: () => null })).toThrow("due and onDue come together");
  const stateless = defineTopic("stateless", {
    key: z.object({ id: z.string() }),
    events: { made: z.object({}) },
  });
  expect(() => jobwire.topic(stateless, { index: () => [] })).toThrow("need a state");
});
