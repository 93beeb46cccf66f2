import { redisStore } from "@jobwire/server/topics";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { openShop } from "./order.js";
import { describeOnRedis, newPrefix } from "./stores.js";

describeOnRedis("what lists the states", (redis) => {
  test("is not touched by a commit that moves none of them", async () => {
    await using shop = await openShop(redisStore({ url: redis().url, prefix: newPrefix() }));
    await shop.orders.publish({ orderId: "a" }, { type: "order.placed", total: 1 });
    const admin = new Redis(redis().url);
    onTestFinished(() => admin.disconnect());
    const writes = async () => {
      const stats = await admin.info("commandstats");
      return ["zadd", "zrem"].map(
        (name) => new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? "0",
      );
    };
    const before = await writes();
    for (const text of ["b", "c", "d"])
      await shop.orders.publish({ orderId: "a" }, { type: "order.noted", text });
    expect(await writes()).toEqual(before);
    await shop.orders.publish({ orderId: "a" }, { type: "order.shipped", carrier: "DHL" });
    expect(await writes()).not.toEqual(before);
  });
});
