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
