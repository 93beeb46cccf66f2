import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { openShop, take, typesOf } from "./order.js";
import { describeOnEachTopicStore } from "./stores.js";

describeOnEachTopicStore("a stream over several topics", (newStore) => {
  test("has the events of each in order, once, and completes with the last topic", async () => {
    await using shop = await openShop(newStore());
    const { orders, notices, jobwire } = shop;
    const [a, b] = [{ orderId: randomUUID() }, { orderId: randomUUID() }];
    const board = { board: randomUUID(), floor: 1 };
    await orders.publish(a, { type: "order.placed", total: 1 });
    await notices.publish(board, { type: "notice.posted", text: "first" });
    const reading = take(jobwire.merge([orders.stream(a), orders.stream(b), notices.stream(board)]));
    await orders.publish(b, { type: "order.placed", total: 2 });
    await orders.publish(b, { type: "order.delivered" });
    await orders.publish(a, [{ type: "order.shipped", carrier: "DHL" }, { type: "order.delivered" }]);
    await notices.publish(board, { type: "notice.posted", text: "second" });
    await notices.publish(board, { type: "notice.closed" });
    const events = (await reading).map(({ event }) => event);
    const of = (orderId: string) =>
      events.flatMap((event) => ("orderId" in event && event.orderId === orderId ? [event.type] : []));
    expect(of(a.orderId)).toEqual(["order.placed", "order.shipped", "order.delivered"]);
    expect(of(b.orderId)).toEqual(["order.placed", "order.delivered"]);
    expect(events.flatMap((event) => (event.type === "notice.posted" ? [event.text] : []))).toEqual([
      "first",
      "second",
    ]);
    expect(events).toHaveLength(8);
  });

  test("goes on after any of its ids with what is missing, whatever the order of its topics", async () => {
    await using shop = await openShop(newStore());
    const { orders, notices, jobwire } = shop;
    const [a, b] = [{ orderId: randomUUID() }, { orderId: randomUUID() }];
    const board = { board: randomUUID(), floor: 1 };
    for (const key of [a, b]) {
      await orders.publish(key, { type: "order.placed", total: 1 });
      await orders.publish(key, { type: "order.noted", text: "x" });
      await orders.publish(key, { type: "order.delivered" });
    }
    for (const text of ["1", "2", "3"]) await notices.publish(board, { type: "notice.posted", text });
    await notices.publish(board, { type: "notice.closed" });
    const all = await take(jobwire.merge([orders.stream(a), orders.stream(b), notices.stream(board)]));
    expect(all).toHaveLength(10);
    const textOf = (taken: typeof all) => taken.map(({ event }) => JSON.stringify(event)).toSorted();
    for (const [index, { id }] of all.entries()) {
      const rest = jobwire.merge([notices.stream(board), orders.stream(b), orders.stream(a)], {
        lastEventId: id,
      });
      expect(textOf(await take(rest))).toEqual(textOf(all.slice(index + 1)));
      expect(Buffer.byteLength(id)).toBeLessThanOrEqual(4096);
    }
  });

  test("a gap in one topic names it, carries its state and leaves the others alone", async () => {
    await using shop = await openShop(newStore(), { maxEvents: 2 });
    const { orders, notices, jobwire } = shop;
    const a = { orderId: randomUUID() };
    const board = { board: randomUUID(), floor: 1 };
    await orders.publish(a, { type: "order.placed", total: 1 });
    await notices.publish(board, { type: "notice.posted", text: "1" });
    const merged = (lastEventId?: string) =>
      jobwire.merge([orders.stream(a), notices.stream(board)], { lastEventId });
    const id = (await take(merged(), 2)).at(-1)?.id;
    // More than a process keeps in memory.
    const notes = Array.from({ length: 300 }, (_, index) => String(index));
    await orders.publish(
      a,
      notes.map((text) => ({ type: "order.noted" as const, text })),
    );
    await notices.publish(board, { type: "notice.posted", text: "2" });
    const rest = (await take(merged(id), 4)).map(({ event }) => event);
    const gaps = rest.filter(({ type }) => type === "stream.gap");
    expect(gaps).toEqual([
      expect.objectContaining({
        topic: "order",
        ...a,
        snapshot: expect.objectContaining({ notes }),
      }),
    ]);
    expect(typesOf(rest.map((event) => ({ id: "", event }))).toSorted()).toEqual([
      "notice.posted",
      "order.noted",
      "order.noted",
      "stream.gap",
    ]);
  });

  test("an id that is given before a live topic had an event leads to where that began", async () => {
    await using shop = await openShop(newStore());
    const { orders, notices, jobwire } = shop;
    const a = { orderId: randomUUID() };
    const board = { board: randomUUID(), floor: 1 };
    await notices.publish(board, { type: "notice.posted", text: "before" });
    const merged = (lastEventId?: string) =>
      jobwire.merge([orders.stream(a), notices.stream({ ...board, replay: "none" })], { lastEventId });
    const reading = take(merged(), 1);
    await orders.publish(a, { type: "order.placed", total: 1 });
    const [{ id } = { id: "" }] = await reading;
    await notices.publish(board, { type: "notice.posted", text: "after" });
    expect((await take(merged(id), 1))[0]?.event).toMatchObject({ type: "notice.posted", text: "after" });
  });

  test("refuses ids that are none of these topics, too many topics, and one named twice", async () => {
    await using shop = await openShop(newStore());
    const { orders, notices, jobwire } = shop;
    const [a, b] = [{ orderId: randomUUID() }, { orderId: randomUUID() }];
    const { id: single } = await orders.publish(a, { type: "order.placed", total: 1 });
    const board = { board: randomUUID(), floor: 1 };
    const [{ id } = { id: "" }] = await take(jobwire.merge([orders.stream(a), notices.stream(board)]), 1);
    const invalid = expect.objectContaining({ code: "BAD_REQUEST", reason: "CURSOR_INVALID" });
    for (const lastEventId of [
      single,
      "nonsense",
      "m.",
      id.slice(0, -1) + "x",
      `${id}.-`,
      "m.000000000000.-.-",
    ])
      expect(() => jobwire.merge([orders.stream(a), notices.stream(board)], { lastEventId })).toThrow(
        invalid,
      );
    expect(() => jobwire.merge([orders.stream(b), notices.stream(board)], { lastEventId: id })).toThrow(
      invalid,
    );
    expect(() => orders.stream({ ...a, lastEventId: id })).toThrow(invalid);
    const refused = expect.objectContaining({ code: "BAD_REQUEST", reason: "INPUT_INVALID" });
    expect(() => jobwire.merge([orders.stream(a), orders.stream(a)])).toThrow(refused);
    expect(() => jobwire.merge([])).toThrow(refused);
    const many = Array.from({ length: 101 }, (_, index) => orders.stream({ orderId: String(index) }));
    expect(() => jobwire.merge(many)).toThrow(refused);
    expect(() => jobwire.merge(many.slice(1))).not.toThrow();
  });

  test("an id over a hundred topics with many events each is at most 4 KB", async () => {
    await using shop = await openShop(newStore());
    const { orders, jobwire } = shop;
    const keys = Array.from({ length: 100 }, (_, index) => ({ orderId: String(index) }));
    await Promise.all(keys.map((key) => orders.publish(key, { type: "order.placed", total: 1 })));
    const taken = await take(jobwire.merge(keys.map((key) => orders.stream(key))), 100);
    expect(Buffer.byteLength(taken.at(-1)?.id ?? "")).toBeLessThanOrEqual(4096);
    expect(new Set(taken.map(({ event }) => ("orderId" in event ? event.orderId : ""))).size).toBe(100);
  });
});
