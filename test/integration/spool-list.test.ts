import { describe, expect, test } from "vitest";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import type { Store } from "../../server/src/store/store.js";
import { startRedis } from "../support/redis-server.js";
import { spoolsOn } from "../support/spools-on.js";

const tags = Array.from({ length: 5_000 }, (_, index) => `MK-${String(index).padStart(5, "0")}`);

describe("a board of thousands of spools is listed whole, by tag, and can be narrowed", () => {
  test("memory", async () => {
    await using store = openMemoryStore({ maxEvents: 1_000 });
    await expectWholeList(store);
  });

  test("redis", { timeout: 60_000 }, async () => {
    await using redis = await startRedis();
    await using store = await openRedisStore({ url: redis.url, maxEvents: 1_000, onReachable: () => {} });
    await expectWholeList(store);
  });
});

async function expectWholeList(store: Store): Promise<void> {
  const spools = spoolsOn(store);
  const taken = tags.filter((_, index) => index % 7 === 0);
  for (let first = 0; first < tags.length; first += 500) {
    await Promise.all(tags.slice(first, first + 500).map((tagSpool) => spools.register({ tagSpool })));
  }
  for (const tagSpool of taken) await spools.tomar({ tagSpool, workerNombre: "Ana" });
  const tagsOf = async (input: { available?: boolean }) =>
    (await spools.list(input)).map(({ tagSpool }) => tagSpool);
  expect(await tagsOf({})).toEqual(tags);
  expect(await tagsOf({ available: false })).toEqual(taken);
  expect(await tagsOf({ available: true })).toEqual(tags.filter((_, index) => index % 7 !== 0));
}
