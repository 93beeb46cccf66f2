import { defineTopic } from "@jobwire/shared";
import { openJobwire, redisStore } from "@jobwire/server/topics";
import { expect, test } from "vitest";
import { z } from "zod";
import { take } from "./order.js";
import { describeOnRedis, newPrefix } from "./stores.js";

const key = z.object({ cartId: z.string() });

/** As it was first. */
const before = defineTopic("cart", {
  key,
  events: {
    "cart.filled": z.object({ items: z.number() }),
    "cart.named": z.object({ name: z.string() }),
    "cart.dropped": z.object({}),
  },
  state: z.object({ items: z.number() }),
  apply: (state, event) => ({
    items: (state?.items ?? 0) + (event.type === "cart.filled" ? event.items : 0),
  }),
});

/** The same name: a field is another one, a type is gone, and the state has what none had. */
const after = defineTopic("cart", {
  key,
  events: {
    "cart.filled": z.object({ items: z.array(z.string()) }),
    "cart.named": z.object({ name: z.string() }),
  },
  state: z.object({ items: z.array(z.string()) }),
  apply: (state, event) => ({
    items: [...(state?.items ?? []), ...(event.type === "cart.filled" ? event.items : [])],
  }),
});

const cart = { cartId: "a" };

describeOnRedis("a definition that changed", (redis) => {
  async function open() {
    const store = () => redisStore({ url: redis().url, prefix });
    const prefix = newPrefix();
    const warnings: string[] = [];
    const old = await openJobwire({ store: store() });
    const now = await openJobwire({ store: store(), onWarning: (warning) => warnings.push(warning) });
    return {
      old: old.topic(before, { index: () => ["some"] }),
      now: now.topic(after, { index: () => ["some"] }),
      jobwire: now,
      warnings,
      async [Symbol.asyncDispose]() {
        await now[Symbol.asyncDispose]();
        await old[Symbol.asyncDispose]();
      },
    };
  }

  test("delivers what no longer fits as `unknown`, retained and live, in its place, and counts it", async () => {
    await using carts = await open();
    const { ids } = await carts.old.publish(cart, [
      { type: "cart.filled", items: 2 },
      { type: "cart.named", name: "ours" },
    ]);
    const reading = take(carts.now.stream(cart), 4);
    await take(carts.now.stream(cart), 2);
    const live = await carts.old.publish(cart, [
      { type: "cart.dropped" },
      { type: "cart.named", name: "theirs" },
    ]);
    const taken: { readonly id: string; readonly event: object }[] = await reading;
    expect(taken.map(({ id }) => id)).toEqual([...ids, ...live.ids]);
    expect(taken.map(({ event }) => event)).toMatchObject([
      { type: "unknown", originalType: "cart.filled", event: { cartId: "a", items: 2 } },
      { type: "cart.named", name: "ours" },
      { type: "unknown", originalType: "cart.dropped", event: { cartId: "a" } },
      { type: "cart.named", name: "theirs" },
    ]);
    expect(carts.now.statistics().unreadableEvents).toBeGreaterThanOrEqual(2);
    expect(carts.warnings.join("\n")).toContain("items");
  });

  test("resumes over what does not fit, also in a stream over several topics", async () => {
    await using carts = await open();
    const other = { cartId: "b" };
    for (const one of [cart, other])
      await carts.old.publish(one, [
        { type: "cart.filled", items: 2 },
        { type: "cart.named", name: "ours" },
        { type: "cart.dropped" },
      ]);
    const all = await take(carts.now.stream(cart), 3);
    for (const [index, { id }] of all.entries())
      expect(await take(carts.now.stream({ ...cart, lastEventId: id }), 2 - index)).toEqual(
        all.slice(index + 1),
      );
    const merged = (lastEventId?: string) =>
      carts.jobwire.merge([carts.now.stream(cart), carts.now.stream(other)], { lastEventId });
    const together = await take(merged(), 6);
    for (const [index, { id }] of together.entries()) {
      const rest = await take(merged(id), 5 - index);
      const textsOf = (some: typeof rest) => some.map(({ event }) => JSON.stringify(event)).toSorted();
      expect(textsOf(rest)).toEqual(textsOf(together.slice(index + 1)));
    }
  });

  test("refuses to change a state that it cannot read, leaves it out of lists, and says so in a gap", async () => {
    await using carts = await open();
    const { id } = await carts.old.publish(cart, { type: "cart.filled", items: 2 });
    const unreadable = { code: "INTERNAL_SERVER_ERROR", reason: "STATE_UNREADABLE" };
    await expect(carts.now.state(cart)).rejects.toMatchObject(unreadable);
    await expect(carts.now.publish(cart, { type: "cart.named", name: "x" })).rejects.toMatchObject(
      unreadable,
    );
    await expect(carts.now.change(cart, () => [])).rejects.toMatchObject(unreadable);
    expect(await carts.now.list()).toEqual({ items: [], nextCursor: null });
    await carts.now.publish({ cartId: "b" }, { type: "cart.filled", items: ["x"] });
    expect((await carts.now.list({ index: "some" })).items.map((item) => item.key)).toEqual([
      { cartId: "b" },
    ]);
    const lastEventId = `0123456789abcdef0123:${id.split(":")[1]}`;
    const [gap] = await take(carts.now.stream({ ...cart, lastEventId }), 1);
    expect(gap?.event).toMatchObject({ type: "stream.gap", snapshot: null, snapshotAt: null });
    expect(carts.now.statistics().unreadableStates).toBeGreaterThanOrEqual(2);
    // What wrote it still can, and it can be removed by whoever cannot.
    expect(await carts.old.state(cart)).toEqual({ items: 2 });
    expect(await carts.now.remove(cart)).toBe(true);
    expect(await carts.old.state(cart)).toBeNull();
  });
});
