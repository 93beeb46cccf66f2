import { redisStore } from "@jobwire/server/topics";
import { Redis } from "ioredis";
import { expect, test, vi } from "vitest";
import { openAlarms } from "./alarms.js";
import { openShop, take } from "./order.js";
import { describeOnRedis, newPrefix } from "./stores.js";

const patience = { timeout: 30_000, interval: 100 };

describeOnRedis("own topics whose time has passed", (redis) => {
  test("leave no state, no log and nothing that lists them", { timeout: 60_000 }, async () => {
    const prefix = newPrefix();
    const store = redisStore({ url: redis().url, prefix });
    // Long enough for a busy machine to read what was published.
    await using shop = await openShop(store, { retainMs: 2000 });
    const { orders, notices, jobwire } = shop;
    const admin = new Redis(redis().url);
    const keys = async () => (await admin.keys(`${prefix}:{*`)).toSorted();
    try {
      const orderIds = Array.from({ length: 200 }, (_, index) => String(index));
      for (const orderId of orderIds) {
        await orders.publish({ orderId }, { type: "order.placed", total: Number(orderId) });
        await orders.publish({ orderId }, { type: "order.delivered" }, { idempotencyKey: "end" });
      }
      await orders.publish({ orderId: "removed" }, { type: "order.placed", total: 1 });
      await orders.remove({ orderId: "removed" });
      const boards = orderIds.slice(0, 50).map((board) => ({ board, floor: 1 }));
      const reading = take(jobwire.merge(boards.map((board) => notices.stream(board))), boards.length);
      await Promise.all(boards.map((board) => notices.publish(board, { type: "notice.posted", text: "x" })));
      expect((await keys()).length).toBeGreaterThan(100);
      await reading;
      await vi.waitFor(async () => {
        const left = await keys();
        // The answers that idempotency keys stand for are kept for ten minutes.
        expect(left.filter((key) => !key.includes("}:m:"))).toEqual([]);
        const ttls = await Promise.all(left.map((key) => admin.pttl(key)));
        for (const ttl of ttls) expect(ttl).toBeGreaterThan(0);
      }, patience);
      expect(await orders.counts()).toEqual({});
      expect(shop.errors).toEqual([]);
    } finally {
      admin.disconnect();
    }
  });

  test("what was due leaves its state alone, and nothing in the list of what is due", async () => {
    const prefix = newPrefix();
    await using clock = await openAlarms(redisStore({ url: redis().url, prefix }), "one");
    const admin = new Redis(redis().url);
    try {
      for (let index = 0; index < 20; index++)
        await clock.alarms.publish({ alarmId: String(index) }, { type: "alarm.set", at: new Date() });
      await vi.waitFor(async () => expect(await admin.keys(`${prefix}:{*}:d`)).toEqual([]), patience);
      const { items } = await clock.alarms.list();
      expect(items.map(({ state }) => state.rings)).toEqual(Array.from({ length: 20 }, () => 1));
      for (const { key } of items) await clock.alarms.remove(key);
      expect(await admin.keys(`${prefix}:{*}:[sind]*`)).toEqual([]);
    } finally {
      admin.disconnect();
    }
  });
});
