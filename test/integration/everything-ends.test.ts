import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { eventually } from "../contract/store-fixtures.js";
import { watchFeed } from "../support/collect.js";
import { startRedis } from "../support/redis-server.js";
import { startTestServer } from "../support/test-server.js";

test("of 1,000 jobs of 100 users nothing is left when their time has passed, but constants", async () => {
  await using redis = await startRedis();
  await using server = await startTestServer({ REDIS_URL: redis.url, HISTORY_TTL_S: "2" });
  const service = await server.newService();
  const admin = new Redis(redis.url);
  const keys = async () => (await admin.keys("*")).filter((key) => !constant.test(key)).toSorted();
  try {
    await eventually(async () => expect(await keys()).toEqual([]));
    const owners = await Promise.all(Array.from({ length: 100 }, () => server.newUser()));
    // Not all at once: a test runs beside others.
    for (let start = 0; start < 1000; start += 25)
      await Promise.all(
        Array.from({ length: 25 }, async (_, index) => {
          const owner = owners[(start + index) % owners.length];
          const jobId = (await owner?.client.jobs.create.mutate({ pipeline: "p" }))?.id ?? "";
          const piece = { stage: "queued", attempt: 1, stream: "stdout", text: "x\n" } as const;
          await service.client.work.write.mutate({ jobId, pieces: [piece] });
          await service.client.jobs.transition.mutate({ jobId, to: "failed" });
        }),
      );
    // Who reads a feed keeps it; who has left does not.
    const [owner] = owners;
    if (!owner) throw new Error("There is an owner.");
    {
      using feed = watchFeed(owner.client);
      const { id: jobId } = await owner.client.jobs.create.mutate({ pipeline: "p" });
      await feed.first(1);
      await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    }
    expect(await admin.dbsize()).toBeGreaterThan(100);
    await eventually(async () => expect(await keys()).toEqual([]), 60_000);
  } finally {
    admin.disconnect();
  }
}, 120_000);

/** What a server has by itself: its mark, and that it is alive. */
const constant = /^jw:(generation$|\{sessions\}:)/;
