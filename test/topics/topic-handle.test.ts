import { randomUUID } from "node:crypto";
import { isTrackedEnvelope, TRPCError } from "@trpc/server";
import { expect, test, vi } from "vitest";
import { openShop, take, typesOf } from "./order.js";
import { describeOnEachTopicStore } from "./stores.js";
import { tally } from "./tally.js";

describeOnEachTopicStore("an own topic", (newStore) => {
  test("publishes events, folds them into the state, and streams them to the end", async () => {
    await using shop = await openShop(newStore());
    const orderId = randomUUID();
    const { id } = await shop.orders.publish({ orderId }, { type: "order.placed", total: 12 });
    const { ids } = await shop.orders.publish({ orderId }, [
      { type: "order.noted", text: "ring twice" },
      { type: "order.shipped", carrier: "DHL" },
    ]);
    const reading = take(shop.orders.stream({ orderId }));
    await shop.orders.publish({ orderId }, { type: "order.delivered" });
    const taken = await reading;
    expect(taken.map((item) => item.id).slice(0, 3)).toEqual([id, ...ids]);
    expect(taken.map(({ event }) => event)).toEqual([
      { type: "order.placed", orderId, timestamp: expect.any(Date), total: 12 },
      { type: "order.noted", orderId, timestamp: expect.any(Date), text: "ring twice" },
      { type: "order.shipped", orderId, timestamp: expect.any(Date), carrier: "DHL" },
      { type: "order.delivered", orderId, timestamp: expect.any(Date) },
    ]);
    const state = await shop.orders.state({ orderId });
    expect(state).toMatchObject({ status: "delivered", total: 12, notes: ["ring twice"] });
    expect(state?.placedAt).toEqual(taken[0]?.event.timestamp);
  });

  test("continues exactly after any event", async () => {
    await using shop = await openShop(newStore());
    const orderId = randomUUID();
    await shop.orders.publish({ orderId }, { type: "order.placed", total: 1 });
    await shop.orders.publish(
      { orderId },
      Array.from({ length: 9 }, (_, index) => ({ type: "order.noted" as const, text: String(index) })),
    );
    await shop.orders.publish({ orderId }, { type: "order.delivered" });
    const all = await take(shop.orders.stream({ orderId }));
    expect(all).toHaveLength(11);
    for (const [index, { id }] of all.entries())
      expect(await take(shop.orders.stream({ orderId, lastEventId: id }))).toEqual(all.slice(index + 1));
  });

  test("`types` and `replay` choose what is streamed", async () => {
    await using shop = await openShop(newStore());
    const orderId = randomUUID();
    await shop.orders.publish({ orderId }, { type: "order.placed", total: 1 });
    const live = take(shop.orders.stream({ orderId, replay: "none" }));
    const notes = take(shop.orders.stream({ orderId, types: ["order.noted"] }));
    // Both are attached when a third one, begun after them, has its first event.
    await take(shop.orders.stream({ orderId }), 1);
    await shop.orders.publish({ orderId }, { type: "order.noted", text: "a" });
    await shop.orders.publish({ orderId }, { type: "order.delivered" });
    expect(typesOf(await notes)).toEqual(["order.noted"]);
    expect(typesOf(await live)).toContain("order.delivered");
    expect(typesOf(await live)).not.toContain("order.placed");
  });

  test("`change` decides by the state, and what it throws is thrown as it is and writes nothing", async () => {
    await using shop = await openShop(newStore());
    const orderId = randomUUID();
    const refusal = await shop.ship(orderId, "DHL").catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(TRPCError);
    expect(refusal).toMatchObject({ code: "CONFLICT", message: "It is not there." });
    await shop.orders.publish({ orderId }, { type: "order.placed", total: 1 });
    expect(await shop.ship(orderId, "DHL")).toMatchObject({
      state: { status: "shipped" },
      ids: [expect.any(String)],
    });
    await expect(shop.ship(orderId, "UPS")).rejects.toMatchObject({ message: "It is shipped." });
    const own = new RangeError("own");
    await expect(
      shop.orders.change({ orderId }, () => {
        throw own;
      }),
    ).rejects.toBe(own);
    expect(typesOf(await take(shop.orders.stream({ orderId }), 2))).toEqual([
      "order.placed",
      "order.shipped",
    ]);
  });

  test("`change` that says nothing changes nothing", async () => {
    await using shop = await openShop(newStore());
    const orderId = randomUUID();
    await shop.orders.publish({ orderId }, { type: "order.placed", total: 1 });
    expect(await shop.orders.change({ orderId }, () => [])).toMatchObject({ state: { total: 1 }, ids: [] });
    expect(await shop.orders.publish({ orderId }, [])).toEqual({ ids: [] });
  });

  test("twenty writers on one key all get through, each once", async () => {
    await using shop = await openShop(newStore());
    const orderId = randomUUID();
    await shop.orders.publish({ orderId }, { type: "order.placed", total: 1 });
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        shop.orders.publish({ orderId }, { type: "order.noted", text: String(index) }),
      ),
    );
    const state = await shop.orders.state({ orderId });
    expect(state?.notes.toSorted()).toEqual(
      Array.from({ length: 20 }, (_, index) => String(index)).toSorted(),
    );
  });

  test("an event that `apply` throws at is refused whole, and the error names its type", async () => {
    await using shop = await openShop(newStore());
    const orderId = randomUUID();
    await expect(shop.orders.publish({ orderId }, { type: "order.noted", text: "a" })).rejects.toMatchObject({
      reason: "EVENT_NOT_APPLICABLE",
      message: expect.stringContaining("order.noted"),
    });
    expect(await shop.orders.state({ orderId })).toBeNull();
    await expect(
      shop.orders.publish({ orderId }, [
        { type: "order.placed", total: 1 },
        { type: "order.placed", total: 2 },
      ]),
    ).rejects.toMatchObject({ reason: "EVENT_NOT_APPLICABLE" });
    expect(await shop.orders.state({ orderId })).toBeNull();
  });

  test("nothing follows an event that ends the log, with a state and without", async () => {
    await using shop = await openShop(newStore());
    const orderId = randomUUID();
    await shop.orders.publish({ orderId }, { type: "order.placed", total: 1 });
    await shop.orders.publish({ orderId }, { type: "order.delivered" });
    const ended = { code: "CONFLICT", reason: "TOPIC_ENDED" };
    await expect(shop.orders.publish({ orderId }, { type: "order.noted", text: "a" })).rejects.toMatchObject(
      ended,
    );
    const board = { board: randomUUID(), floor: 1 };
    await shop.notices.publish(board, { type: "notice.closed" });
    await expect(shop.notices.publish(board, { type: "notice.posted", text: "a" })).rejects.toMatchObject(
      ended,
    );
    await expect(
      shop.notices.publish({ ...board, floor: 2 }, [
        { type: "notice.closed" },
        { type: "notice.posted", text: "a" },
      ]),
    ).rejects.toMatchObject(ended);
  });

  test("of the calls with one idempotency key only the first publishes, also when it ended the log", async () => {
    await using shop = await openShop(newStore());
    const orderId = randomUUID();
    const place = () =>
      shop.orders.publish({ orderId }, { type: "order.placed", total: 1 }, { idempotencyKey: "place" });
    const first = await place();
    expect(await place()).toEqual(first);
    const end = () =>
      shop.orders.publish({ orderId }, { type: "order.delivered" }, { idempotencyKey: "end" });
    const last = await end();
    expect(await end()).toEqual(last);
    expect(typesOf(await take(shop.orders.stream({ orderId })))).toEqual(["order.placed", "order.delivered"]);
    const other = randomUUID();
    expect(
      await shop.orders.publish(
        { orderId: other },
        { type: "order.placed", total: 1 },
        { idempotencyKey: "place" },
      ),
    ).not.toEqual(first);
  });

  test("a change that is made again under its idempotency key answers with the state that is there, and is told once", async () => {
    await using shop = await openShop(newStore());
    const told: unknown[] = [];
    const tallies = shop.jobwire.topic(tally, {
      onCommitted: (_key, state, events) => told.push([state, events.length]),
    });
    const add = (by: number, idempotencyKey?: string) =>
      tallies.change({ tallyId: "a" }, () => ({ type: "tally.added", by }), {
        ...(idempotencyKey && { idempotencyKey }),
      });
    const first = await add(5, "five");
    expect(await add(5, "five")).toEqual(first);
    await add(1);
    expect(await add(5, "five")).toEqual({ state: { sum: 6 }, ids: first.ids });
    expect(await tallies.state({ tallyId: "a" })).toEqual({ sum: 6 });
    expect(told).toEqual([
      [{ sum: 5 }, 1],
      [{ sum: 6 }, 1],
    ]);
  });

  test("lists states by index and page, moves them as they change, and counts exactly", async () => {
    await using shop = await openShop(newStore());
    const ids = ["a", "b", "c", "d", "e"];
    for (const [index, orderId] of ids.entries())
      await shop.orders.publish({ orderId }, { type: "order.placed", total: index * 50 });
    await shop.ship("b", "DHL");
    expect(await shop.orders.counts()).toEqual({ "status/placed": 4, "status/shipped": 1, large: 2 });
    expect(await shop.orders.counts(["status/shipped", "status/delivered"])).toEqual({
      "status/shipped": 1,
      "status/delivered": 0,
    });
    const keysOf = async (options: Parameters<typeof shop.orders.list>[0]) =>
      (await shop.orders.list(options)).items.map(({ key }) => key.orderId);
    expect(await keysOf({})).toEqual(ids);
    expect(await keysOf({ index: "status/placed", order: "descending" })).toEqual(["e", "d", "c", "a"]);
    expect(await keysOf({ index: "nothing" })).toEqual([]);
    const page = await shop.orders.list({ limit: 2 });
    expect(page.nextCursor).not.toBeNull();
    expect(await keysOf({ limit: 2, cursor: page.nextCursor })).toEqual(["c", "d"]);
    expect(page.items[0]).toMatchObject({ key: { orderId: "a" }, state: { status: "placed", total: 0 } });
  });

  test("`remove` ends the streams of a log and leaves nothing of it", async () => {
    await using shop = await openShop(newStore());
    await shop.orders.publish({ orderId: "a" }, { type: "order.placed", total: 1 });
    const stream = shop.orders.stream({ orderId: "a" })[Symbol.asyncIterator]();
    expect((await stream.next()).done).toBe(false);
    const next = stream.next();
    expect(await shop.orders.remove({ orderId: "a" })).toBe(true);
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await shop.orders.state({ orderId: "a" })).toBeNull();
    expect(await shop.orders.counts()).toEqual({});
    expect(await shop.orders.remove({ orderId: "a" })).toBe(false);
    await shop.orders.publish({ orderId: "a" }, { type: "order.placed", total: 2 });
    expect(typesOf(await take(shop.orders.stream({ orderId: "a" }), 1))).toEqual(["order.placed"]);
  });

  test("what was trimmed is a gap with the state, and the key and the name of the topic", async () => {
    await using shop = await openShop(newStore(), { maxEvents: 3 });
    const orderId = randomUUID();
    const { id } = await shop.orders.publish({ orderId }, { type: "order.placed", total: 1 });
    let last = id;
    for (const text of ["a", "b", "c", "d"])
      last = (await shop.orders.publish({ orderId }, { type: "order.noted", text })).id;
    const [gap, next] = await take(shop.orders.stream({ orderId, lastEventId: id }), 2);
    expect(gap?.event).toMatchObject({
      type: "stream.gap",
      topic: "order",
      orderId,
      reason: "trimmed",
      from: id,
      snapshot: { status: "placed", notes: ["a", "b", "c", "d"] },
      snapshotAt: last,
    });
    expect(next?.event).toMatchObject({ type: "order.noted", text: "b" });
  });

  test("an ended log is gone, with its state and what lists it, after its retention", async () => {
    await using shop = await openShop(newStore(), { retainMs: 50 });
    await shop.orders.publish({ orderId: "a" }, { type: "order.placed", total: 1 });
    await shop.orders.publish({ orderId: "a" }, { type: "order.delivered" });
    await vi.waitFor(async () => expect(await shop.orders.counts()).toEqual({}), { timeout: 10_000 });
    expect(await shop.orders.state({ orderId: "a" })).toBeNull();
    expect(shop.errors).toEqual([]);
  });

  test("an id that is none is refused, and a stream yields tracked envelopes", async () => {
    await using shop = await openShop(newStore());
    const board = { board: "a", floor: 1 };
    expect(() => shop.notices.stream({ ...board, lastEventId: "nonsense" })).toThrow(
      expect.objectContaining({ code: "BAD_REQUEST", reason: "CURSOR_INVALID" }),
    );
    await shop.notices.publish(board, { type: "notice.closed" });
    for await (const envelope of shop.notices.stream(board)) expect(isTrackedEnvelope(envelope)).toBe(true);
  });
});
