import { defineTopic } from "@jobwire/shared";
import { memoryStore, openJobwire } from "@jobwire/server/topics";
import { expect, test } from "vitest";
import { z } from "zod";
import { take } from "./order.js";

class Money {
  constructor(readonly cents: number) {}
}

/** Of what these schemas take only some can be read again. */
const anything = defineTopic("anything", {
  key: z.object({ id: z.string() }),
  events: { said: z.object({ what: z.unknown() }) },
  state: z.object({ last: z.unknown() }),
  apply: (_state, { what }) => ({ last: what === "money" ? new Money(1) : what }),
});

const unwritten: [string, unknown, string][] = [
  ["an object of a class of its own", { price: [new Money(1)] }, "what.price.0"],
  ["a function", { on: () => {} }, "what.on"],
  ["a symbol", Symbol("a"), "what"],
  ["a buffer", Buffer.from("a"), "what"],
  ["what is in a map", new Map([["a", new Set([() => {}])]]), "what.0.1.0"],
];

const key = { id: "a" };

test.each(unwritten)(
  "%s, which nobody could read again, is refused with the field's name",
  async (_, what, path) => {
    await using jobwire = await openJobwire({ store: memoryStore() });
    const topic = jobwire.topic(anything);
    await expect(topic.publish(key, { type: "said", what })).rejects.toMatchObject({
      reason: "INPUT_INVALID",
      message: expect.stringContaining(`${path}: cannot be written down`),
    });
    expect(await topic.newestId(key)).toBeNull();
  },
);

test("a state that nobody could read again is refused with the field's name, unless it is kept in a form of its own", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const money = { type: "said", what: "money" } as const;
  await expect(jobwire.topic(anything).publish(key, money)).rejects.toMatchObject({
    reason: "EVENT_NOT_APPLICABLE",
    message: expect.stringContaining("last: cannot be written down"),
  });
  await using other = await openJobwire({ store: memoryStore() });
  const stored = { write: () => 1, read: (cents: unknown) => ({ last: new Money(Number(cents)) }) };
  const kept = other.topic(anything, { stored });
  await kept.publish(key, money);
  expect(await kept.state(key)).toEqual({ last: new Money(1) });
});

test("what superjson has words for comes back as what it was", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const topic = jobwire.topic(anything);
  const what = {
    dates: [new Date(0)],
    map: new Map([["a", new Set([1n])]]),
    url: new URL("http://a/"),
    bytes: new Uint8Array([1]),
    pattern: /a/,
    error: new Error("a"),
    bare: Object.assign(Object.create(null), { a: Number.NaN }),
  };
  await topic.publish(key, { type: "said", what });
  const [said] = await take(topic.stream(key), 1);
  expect(said?.event).toMatchObject({ what: { ...what, bare: { a: Number.NaN } } });
  expect(await topic.state(key)).toMatchObject({ last: { map: what.map, bytes: what.bytes } });
});

/** Its schema makes something else of what it has made. */
const summed = defineTopic("summed", {
  key: z.object({ id: z.string() }),
  events: {
    paid: z.object({ euros: z.number().transform((euros) => euros * 100) }),
    noted: z.object({
      text: z.string().trim().toLowerCase().default("none"),
      at: z.coerce.date().optional(),
    }),
  },
});

test("an event that its schema would change again is refused with the field's name, before it is written", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const sums = jobwire.topic(summed);
  await expect(sums.publish(key, { type: "paid", euros: 1 })).rejects.toMatchObject({
    reason: "EVENT_NOT_APPLICABLE",
    message: expect.stringMatching(/paid of summed .* twice.*: euros/),
  });
  expect(await sums.newestId(key)).toBeNull();
  await sums.publish(key, [
    { type: "noted", text: " A " },
    { type: "noted", at: new Date(0) },
    { type: "paid", euros: 0 },
  ]);
  expect(await take(sums.stream(key), 3)).toMatchObject([
    { event: { text: "a" } },
    { event: { text: "none", at: new Date(0) } },
    { event: { euros: 0 } },
  ]);
});

test("a key that its schema would change again is refused with the field's name", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const id = z.string().transform((text) => `${text}!`);
  const topic = jobwire.topic(
    defineTopic("louder", { key: z.object({ id }), events: { said: z.object({}) } }),
  );
  await expect(topic.publish(key, { type: "said" })).rejects.toMatchObject({
    reason: "EVENT_NOT_APPLICABLE",
    message: expect.stringContaining(": id"),
  });
});

const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));
const inItself: { me?: unknown } = {};
inItself.me = inItself;

test.each<[string, unknown]>([
  ["deep", nested(100)],
  ["deeper than calls can be", nested(20_000)],
  ["in itself", inItself],
])("what is nested %s is refused with the field's name, whatever its schema does", async (_, what) => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const trees = jobwire.topic(
    defineTopic("tree", {
      key: z.object({ id: z.string() }),
      events: { any: z.object({ what: z.unknown() }), json: z.object({ what: z.json() }) },
    }),
  );
  for (const type of ["any", "json"] as const) {
    // @ts-expect-error no type says how deep
    const publishing = trees.publish(key, { type, what });
    await expect(publishing).rejects.toMatchObject({
      reason: "INPUT_INVALID",
      message: expect.stringMatching(/what\..*: nested more than 64 levels deep/),
    });
  }
});

test("schemas that answer later are refused with the name of the topic", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const later = z.string().refine(async () => true);
  const plain = z.string();
  for (const [name, id, text] of [
    ["event", plain, later],
    ["key", later, plain],
  ] as const) {
    const topic = jobwire.topic(
      defineTopic(`late-${name}`, { key: z.object({ id }), events: { said: z.object({ text }) } }),
    );
    await expect(topic.publish(key, { type: "said", text: "a" })).rejects.toMatchObject({
      reason: "EVENT_NOT_APPLICABLE",
      message: expect.stringMatching(new RegExp(`${name} of late-${name} .*asynchronous`)),
    });
  }
});

test("a key with a refinement as a whole, which nobody would ask, is refused with the topic and the part", () => {
  const refined = z.object({ from: z.string(), to: z.string() }).refine(({ from, to }) => from !== to);
  expect(() => defineTopic("trip", { key: refined, events: { said: z.object({}) } })).toThrow(
    /Topic "trip": key has a refinement as a whole/,
  );
});
