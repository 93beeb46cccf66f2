import { randomUUID } from "node:crypto";
import { defineTopic } from "@jobwire/shared";
import { memoryStore, openJobwire, redisStore } from "@jobwire/server/topics";
import { expect, test } from "vitest";
import { z } from "zod";
import { take } from "./order.js";
import { describeOnEachTopicStore, describeOnRedis, newPrefix } from "./stores.js";

const counter = defineTopic("counter", {
  key: z.object({ name: z.string() }),
  events: { added: z.object({ by: z.number() }) },
  state: z.object({ sum: z.number(), tags: z.array(z.string()).default([]) }),
  apply: (state, event) => ({ sum: (state?.sum ?? 0) + event.by, tags: state?.tags ?? [] }),
});

test("a name is defined once in a process, and twice where there are two", async () => {
  await using one = await openJobwire({ store: memoryStore() });
  await using other = await openJobwire({ store: memoryStore() });
  one.topic(counter);
  expect(() => one.topic(counter)).toThrow('Topic "counter" is open already');
  const namesake = defineTopic("counter", { key: z.object({ id: z.number() }), events: { a: z.object({}) } });
  expect(() => one.topic(namesake)).toThrow('Topic "counter" is open already');
  const handle = other.topic(namesake);
  await handle.publish({ id: 1 }, { type: "a" });
});

test("a key with a check of its own, and a stream with `only` where none fits, are refused with what to do", async () => {
  const key = z.object({ from: z.string(), to: z.string() }).refine(({ from, to }) => from !== to);
  expect(() => defineTopic("way", { key, events: { a: z.object({}) } })).toThrow(
    "put it on one of its fields",
  );
  await using jobwire = await openJobwire({ store: memoryStore() });
  const some = jobwire.topic(counter).stream({ name: "a" }, { only: () => true });
  expect(() => jobwire.merge([some])).toThrow("without `only`");
  expect(() => jobwire.fromNow(some)).toThrow("without `only`");
});

describeOnRedis("twenty writers of as many processes on one key", (redis) => {
  test("all get through, each once, or are refused with CONFLICT and have written nothing", async () => {
    const prefix = newPrefix();
    const opened = await Promise.all(
      Array.from({ length: 20 }, () => openJobwire({ store: redisStore({ url: redis().url, prefix }) })),
    );
    try {
      const handles = opened.map((jobwire) => jobwire.topic(counter));
      const [first] = handles;
      if (!first) throw new Error("There are handles.");
      const key = { name: randomUUID() };
      const outcomes = await Promise.allSettled(
        handles.flatMap((handle, index) =>
          Array.from({ length: 3 }, () => handle.publish(key, { type: "added", by: index + 1 })),
        ),
      );
      const written = outcomes.flatMap((outcome) =>
        outcome.status === "fulfilled" ? [outcome.value.id] : [],
      );
      for (const outcome of outcomes)
        if (outcome.status === "rejected")
          expect(outcome.reason).toMatchObject({ code: "CONFLICT", reason: "TOPIC_BUSY" });
      expect(new Set(written).size).toBe(written.length);
      const log = await take(first.stream(key), written.length);
      expect(log.map(({ id }) => id)).toEqual(written.toSorted((one, two) => offsetOf(one) - offsetOf(two)));
      const sums = log.map(({ event }) => (event.type === "added" ? event.by : 0));
      expect(await first.state(key)).toMatchObject({ sum: sums.reduce((sum, by) => sum + by, 0) });
      expect(await first.newestId(key)).toBe(log.at(-1)?.id);
    } finally {
      for (const jobwire of opened) await jobwire[Symbol.asyncDispose]();
    }
  });

  test("whoever is slower again and again is refused with CONFLICT after a bounded number of tries", async () => {
    const prefix = newPrefix();
    const store = () => redisStore({ url: redis().url, prefix });
    await using slow = await openJobwire({ store: store() });
    await using fast = await openJobwire({ store: store() });
    const [slower, faster] = [slow.topic(counter), fast.topic(counter)];
    const key = { name: "a" };
    let tries = 0;
    const decide = async () => {
      tries += 1;
      await faster.publish(key, { type: "added", by: 1 });
      return { type: "added", by: 100 } as const;
    };
    await expect(slower.change(key, decide)).rejects.toMatchObject({
      code: "CONFLICT",
      reason: "TOPIC_BUSY",
    });
    expect(tries).toBeGreaterThan(1);
    expect(tries).toBeLessThanOrEqual(25);
    expect(await slower.state(key)).toMatchObject({ sum: tries });
    await slower.publish(key, { type: "added", by: 100 });
    expect(await faster.state(key)).toMatchObject({ sum: tries + 100 });
  });
});

function offsetOf(id: string): number {
  return Number(id.split(":")[1]);
}

const oddNames = [
  "",
  " ",
  "a b",
  "{brace}",
  "co:lon",
  "per%cent",
  "*",
  "new\nline",
  "nul\0",
  "qu'o\"te",
  "by all",
  "all",
  "__proto__",
  "constructor",
  "Ünïcödé 漢字",
  "🙂",
  "e\u0301",
  "é",
  "x".repeat(2000),
];

describeOnEachTopicStore("names of indexes, keys and feeds", (newStore) => {
  test("may have any characters, and are told apart", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const counters = jobwire.topic(counter, {
      index: ({ tags }) => tags,
      feeds: (state) => state?.tags ?? [],
    });
    for (const [index, name] of oddNames.entries())
      await counters.change({ name: `${index}` }, () => ({
        state: { sum: 0, tags: [name] },
        events: [{ type: "added", by: index }],
      }));
    expect(await counters.counts()).toEqual(Object.fromEntries(oddNames.map((name) => [name, 1])));
    for (const [index, name] of oddNames.entries()) {
      const { items } = await counters.list({ index: name });
      expect({ name, keys: items.map(({ key }) => key.name) }).toEqual({ name, keys: [`${index}`] });
      expect(await counters.counts([name])).toEqual({ [name]: 1 });
      const [fed] = await take(counters.feed(name, {}, { snapshot: async () => null }), 1);
      expect({ name, event: fed?.event }).toMatchObject({ name, event: { type: "added", by: index } });
    }
    for (const name of oddNames.slice(0, -1)) {
      const { id } = await counters.publish({ name }, { type: "added", by: 7 });
      expect(await take(counters.stream({ name }), 1)).toMatchObject([{ id, event: { name, by: 7 } }]);
      expect(await counters.state({ name })).toMatchObject({ sum: 7 });
    }
    await counters.change({ name: "0" }, (state) => ({ state: { ...state, sum: 0, tags: [] }, events: [] }));
    expect(await counters.counts([""])).toEqual({ "": 0 });
  });

  test("half a character is none of the others", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const counters = jobwire.topic(counter, {
      index: ({ tags }) => tags,
      feeds: (state) => state?.tags ?? [],
    });
    const halves = ["\ud83d", "\ud83e", "a\udc00b", "\ufffd", "\ufffdd83d"];
    for (const [index, half] of halves.entries())
      await counters.change(
        { name: `${index}` },
        () => ({ state: { sum: 0, tags: [half] }, events: [{ type: "added", by: index }] }),
        { idempotencyKey: half },
      );
    expect(await counters.counts()).toEqual(Object.fromEntries(halves.map((half) => [half, 1])));
    for (const [index, half] of halves.entries()) {
      const { items } = await counters.list({ index: half });
      expect(items.map(({ key }) => key.name)).toEqual([`${index}`]);
      const [fed] = await take(counters.feed(half, {}, { snapshot: async () => null }), 1);
      expect(fed?.event).toMatchObject({ type: "added", by: index });
      const add = () => counters.publish({ name: "all" }, { type: "added", by: 1 }, { idempotencyKey: half });
      expect(await add()).toEqual(await add());
    }
    expect(await counters.state({ name: "all" })).toMatchObject({ sum: halves.length });
  });

  test("an index that throws refuses the event, and nothing is written", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const broken = jobwire.topic(counter, {
      index: () => {
        throw new RangeError("no index");
      },
    });
    await expect(broken.publish({ name: "a" }, { type: "added", by: 1 })).rejects.toThrow("no index");
    expect(await broken.newestId({ name: "a" })).toBeNull();
    expect(await broken.state({ name: "a" })).toBeNull();
  });
});

test.each([
  ["retainMs", Number.POSITIVE_INFINITY],
  ["retainMs", 1000.5],
  ["maxEvents", 0],
  ["maxEvents", Number.NaN],
  ["maxBytes", Number.POSITIVE_INFINITY],
  ["coalesceMs", 1001],
])("%s of %d is refused when a Jobwire or a topic is opened, with its name", async (option, value) => {
  const reason = `${option} is ${value}; `;
  await expect(openJobwire({ store: memoryStore(), [option]: value })).rejects.toThrow(
    `openJobwire: ${reason}`,
  );
  await using jobwire = await openJobwire({ store: memoryStore() });
  expect(() => jobwire.topic(counter, { [option]: value })).toThrow(`Topic "counter": ${reason}`);
  // It was not opened.
  jobwire.topic(counter);
});

describeOnEachTopicStore("a change that no store could keep", (newStore) => {
  test.each(["due", "expires"] as const)("is refused when %s returns an Invalid Date", async (option) => {
    await using jobwire = await openJobwire({ store: newStore() });
    let date: Date | null = null;
    const counters = jobwire.topic(counter, {
      due: () => null,
      onDue: () => [],
      index: ({ sum }) => [`${sum}`],
      [option]: () => date,
    });
    const key = { name: "a" };
    const { id } = await counters.publish(key, { type: "added", by: 1 });
    date = new Date(Number.NaN);
    await expect(counters.publish(key, { type: "added", by: 1 })).rejects.toMatchObject({
      reason: "EVENT_NOT_APPLICABLE",
      message: expect.stringContaining(`${option} of counter`),
    });
    expect(await counters.newestId(key)).toBe(id);
    expect(await counters.counts()).toEqual({ 1: 1 });
    expect(await counters.state(key)).toMatchObject({ sum: 1 });
  });

  test("is refused when index returns more than 10,000 names", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const index = () => Array.from({ length: 10_001 }, (_, number) => `${number}`);
    const counters = jobwire.topic(counter, { index });
    await expect(counters.publish({ name: "a" }, { type: "added", by: 1 })).rejects.toMatchObject({
      reason: "EVENT_NOT_APPLICABLE",
      message: expect.stringContaining("index of counter returns 10001 names"),
    });
    expect(await counters.newestId({ name: "a" })).toBeNull();
  });
});

/** Counts words: each is a field of the state. */
const words = defineTopic("words", {
  key: z.object({ book: z.string() }),
  events: { "word.read": z.object({ word: z.string() }) },
  state: z.object({ counts: z.record(z.string(), z.number().max(3)) }),
  apply: (state, { word }) => {
    const counts = new Map(Object.entries(state?.counts ?? {}));
    return { counts: Object.fromEntries(counts.set(word, (counts.get(word) ?? 0) + 1)) };
  },
});

/** Its schema makes a number of a text, and takes no number. */
const priced = defineTopic("priced", {
  key: z.object({ id: z.string() }),
  events: { tagged: z.object({ price: z.string().transform(Number), note: z.string().trim().default("") }) },
});

test("an event that could not be read again is refused with the field's name, before it is written", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const prices = jobwire.topic(priced);
  await expect(prices.publish({ id: "a" }, { type: "tagged", price: "7" })).rejects.toMatchObject({
    reason: "EVENT_NOT_APPLICABLE",
    message: expect.stringContaining("price"),
  });
  expect(await prices.newestId({ id: "a" })).toBeNull();
});

describeOnEachTopicStore("a state that could not be read again", (newStore) => {
  test("is refused before anything is written", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const books = jobwire.topic(words);
    const book = { book: "a" };
    const read = (word: string) => books.publish(book, { type: "word.read", word });
    const { id } = await read("the");
    const refused = { code: "INTERNAL_SERVER_ERROR", reason: "EVENT_NOT_APPLICABLE" };
    await expect(read("constructor")).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining("counts.constructor"),
    });
    await expect(
      books.change(book, () => ({ state: { counts: { the: 4 } }, events: [] })),
    ).rejects.toMatchObject({ ...refused, message: expect.stringContaining("the") });
    await expect(
      books.change(book, () => ({
        state: { counts: { the: 4 } },
        events: [{ type: "word.read", word: "an" }],
      })),
    ).rejects.toMatchObject(refused);
    expect(await books.newestId(book)).toBe(id);
    expect(await books.state(book)).toEqual({ counts: { the: 1 } });
  });
});
