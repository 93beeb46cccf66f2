import { redisStore, type JobwireStore } from "@jobwire/server/topics";
import { Redis } from "ioredis";
import { expect, test, vi } from "vitest";
import type { StateKey } from "../../server/src/store/store.js";
import { openShop } from "./order.js";
import { describeOnRedis, newPrefix } from "./stores.js";

/** Has each state that it reads for a repair changed by somebody else before the repair gets it. */
function busyStore(store: JobwireStore, change: (orderId: string) => Promise<unknown>): JobwireStore {
  return {
    async open(setup) {
      const opened = await store.open(setup);
      const scan = opened.scanStates.bind(opened);
      return Object.assign(opened, {
        async *scanStates(beginning: StateKey) {
          for await (const found of scan(beginning)) {
            const [orderId = ""] = JSON.parse(found.key) as string[];
            await change(orderId);
            yield found;
          }
        },
      });
    },
  };
}

describeOnRedis("a list that was lost", (redis) => {
  test("has every state again, also those that are changed and moved while it is mended", async () => {
    const prefix = newPrefix();
    const store = redisStore({ url: redis().url, prefix });
    await using other = await openShop(store);
    const change = async (orderId: string) => {
      if (orderId === "moved") await other.ship(orderId, "DHL");
      if (orderId === "changed") await other.orders.publish({ orderId }, noted);
    };
    await using mending = await openShop(busyStore(store, change));
    for (const orderId of ["changed", "left alone", "moved"])
      await other.orders.publish({ orderId }, { type: "order.placed", total: 1 });
    const admin = new Redis(redis().url);
    await admin.del(...(await admin.keys(`${prefix}:*:i:*`)));
    admin.disconnect();
    await vi.waitFor(
      async () => {
        const { items } = await mending.orders.list();
        expect(items.map(({ key }) => key.orderId)).toEqual(["changed", "left alone", "moved"]);
      },
      { timeout: 5000 },
    );
    expect(await mending.orders.counts()).toEqual({ "status/placed": 2, "status/shipped": 1 });
    expect(await mending.orders.count()).toBe(3);
    expect([...mending.errors, ...other.errors]).toEqual([]);
  });
});

const noted = { type: "order.noted", text: "busy" } as const;
