import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { order, take, typesOf } from "./order.js";
import { away, describeOutages, refusedWithinMs } from "./outages.js";

const invalid = { code: "BAD_REQUEST", reason: "INPUT_INVALID" };
const placed = { type: "order.placed", total: 1 } as const;
const noted = (text: string) => ({ type: "order.noted", text }) as const;
const key = () => ({ orderId: randomUUID() });
const board = { board: "a", floor: 1 };

describeOutages("own topics", (outage) => {
  test("every call is refused in time, and works again afterwards", async () => {
    const { begin, end, back, shop } = outage();
    const { orders, notices, jobwire } = shop;
    const known = key();
    const { id } = await orders.publish(known, placed);
    const calls: Record<string, () => Promise<unknown>> = {
      publish: () => orders.publish(known, noted("a")),
      "publish without a state": () => notices.publish(board, { type: "notice.posted", text: "a" }),
      "publish once": () => orders.publish(known, noted("b"), { idempotencyKey: "b" }),
      change: () => orders.change(known, () => noted("c")),
      state: () => orders.state(known),
      list: () => orders.list(),
      "list by an index with odd characters": () => orders.list({ index: "{a}:* \n🙂" }),
      counts: () => orders.counts(),
      count: () => orders.count(),
      newestId: () => orders.newestId(known),
      history: () => orders.history(known).next(),
      stream: () => take(orders.stream(known), 1),
      resume: () => take(orders.stream({ ...known, lastEventId: id }), 1),
      "stream of nothing yet": () => take(orders.stream(key()), 1),
      feed: () => take(orders.feed("a", {}, { snapshot: async () => null }), 1),
      merge: () => take(jobwire.merge([orders.stream(known), notices.stream(board)]), 1),
      "merge of a hundred": () =>
        take(jobwire.merge(Array.from({ length: 100 }, () => orders.stream(key()))), 1),
      remove: () => orders.remove(key()),
      ping: () => jobwire.ping(),
    };
    await begin();
    const outcomes = await Promise.all(
      Object.entries(calls).map(async ([name, call]) => {
        const startedAt = performance.now();
        const error = await call().then(
          () => "it was answered",
          (reason: unknown) => reason,
        );
        return { name, error, inTime: performance.now() - startedAt < refusedWithinMs };
      }),
    );
    for (const outcome of outcomes) expect(outcome).toMatchObject({ error: away, inTime: true });
    await end();
    await back();
    await orders.publish(known, noted("after"));
    expect((await orders.state(known))?.notes).toContain("after");
    expect(await orders.remove(key())).toBe(false);
  });

  test("what is wrong by itself is refused as ever, at once", async () => {
    const { begin, end, back, shop } = outage();
    const { orders, notices, jobwire } = shop;
    await begin();
    const wrong: Record<string, () => Promise<unknown>> = {
      // @ts-expect-error wrong on purpose
      floor: () => notices.publish({ board: "a" }, { type: "notice.closed" }),
      // @ts-expect-error wrong on purpose
      wing: () => orders.state({ orderId: "a", wing: 2 }),
      // @ts-expect-error wrong on purpose
      type: () => notices.publish(board, { type: "notice.lost" }),
      // @ts-expect-error wrong on purpose
      text: () => notices.publish(board, { type: "notice.posted", text: 7 }),
    };
    for (const [field, call] of Object.entries(wrong))
      await expect(call()).rejects.toMatchObject({ ...invalid, message: expect.stringContaining(field) });
    const one = orders.stream({ orderId: "a" });
    const many = Array.from({ length: 101 }, (_, index) => orders.stream({ orderId: String(index) }));
    for (const streams of [[one, orders.stream({ orderId: "a" })], many, []])
      expect(() => jobwire.merge(streams)).toThrow(expect.objectContaining(invalid));
    const cursor = expect.objectContaining({ reason: "CURSOR_INVALID" });
    expect(() => orders.stream({ orderId: "a", lastEventId: "nonsense" })).toThrow(cursor);
    expect(() => jobwire.merge([one], { lastEventId: "m.nonsense" })).toThrow(cursor);
    expect(() => jobwire.topic(order)).toThrow("open already");
    await end();
    await back();
  });

  test("nobody decides without a state, and twenty writers are refused together", async () => {
    const { begin, end, back, shop } = outage();
    const known = key();
    await shop.orders.publish(known, placed);
    await begin();
    let decisions = 0;
    const decide = () => {
      decisions += 1;
      throw new RangeError("own");
    };
    const startedAt = performance.now();
    const outcomes = await Promise.allSettled([
      shop.orders.change(known, decide),
      ...Array.from({ length: 20 }, (_, index) => shop.orders.publish(known, noted(String(index)))),
      // `apply` would throw.
      shop.orders.publish(known, placed),
    ]);
    expect(performance.now() - startedAt).toBeLessThan(refusedWithinMs);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: away });
    expect(decisions).toBe(0);
    await end();
    await back();
    await expect(shop.orders.change(known, decide)).rejects.toThrow("own");
    await expect(shop.orders.publish(known, placed)).rejects.toMatchObject({
      reason: "EVENT_NOT_APPLICABLE",
    });
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => shop.orders.publish(known, noted(`after ${index}`))),
    );
    const notes = (await shop.orders.state(known))?.notes ?? [];
    expect(notes.filter((text) => text.startsWith("after"))).toHaveLength(20);
    const log = await take(shop.orders.stream(known), notes.length + 1);
    expect(log.slice(1).map(({ event }) => "text" in event && event.text)).toEqual(notes);
  });

  test("open streams wait, single and merged, and go on with what is missing", async () => {
    const { begin, end, back, open, shop } = outage();
    const { orders, notices, jobwire } = shop;
    const [one, two] = [key(), key()];
    for (const each of [one, two]) await orders.publish(each, placed);
    await notices.publish(board, { type: "notice.posted", text: "1" });
    const merge = () => jobwire.merge([orders.stream(one), orders.stream(two), notices.stream(board)]);
    const single = take(orders.stream(one));
    const merged = take(merge());
    await take(merge(), 3);
    await begin();
    await expect(jobwire.ping()).rejects.toMatchObject(away);
    await end();
    await back();
    // By another process, which nobody here hears of but by the store.
    await using others = await open();
    await others.orders.publish(one, noted("x"));
    for (const each of [one, two]) await others.orders.publish(each, { type: "order.delivered" });
    await others.notices.publish(board, { type: "notice.closed" });
    expect(typesOf(await single)).toEqual(["order.placed", "order.noted", "order.delivered"]);
    const taken = await merged;
    const of = ({ orderId }: { orderId: string }) =>
      typesOf(taken.filter(({ event }) => "orderId" in event && event.orderId === orderId));
    expect(of(one)).toEqual(["order.placed", "order.noted", "order.delivered"]);
    expect(of(two)).toEqual(["order.placed", "order.delivered"]);
    expect(typesOf(taken.filter(({ event }) => "board" in event))).toEqual([
      "notice.posted",
      "notice.closed",
    ]);
  });
});
