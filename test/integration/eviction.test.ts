import { Redis } from "ioredis";
import { afterAll, expect, test } from "vitest";
import { watchJob } from "../support/collect.js";
import { startRedis } from "../support/redis-server.js";
import { startTestServer } from "../support/test-server.js";

const redis = await startRedis();
const admin = new Redis(redis.url);
afterAll(async () => {
  admin.disconnect();
  await redis[Symbol.asyncDispose]();
});

const jobCount = 60;

/** What a reader may be told of a job of which anything may be gone. */
const outcomes = ["told all", "told what is missing", "not found"] as const;

test("when Redis really evicts, every reader is told what is left, in few reads, and the server stays at rest", async () => {
  const environment = { REDIS_URL: redis.url };
  const jobs: { readonly id: string; readonly token: string }[] = [];
  {
    await using writer = await startTestServer(environment);
    const service = await writer.newService();
    const url = `data:image/png;base64,${"x".repeat(60_000)}`;
    for (let number = 0; number < jobCount; number++) {
      const owner = await writer.newUser();
      const { id } = await owner.client.jobs.create.mutate({});
      jobs.push({ id, token: owner.token });
      for (let picture = 0; picture < 3; picture++)
        await service.client.jobs.publish.mutate({ jobId: id, event: { type: "snapshot.updated", url } });
      await service.client.jobs.transition.mutate({ jobId: id, to: "failed" });
    }
  }
  await admin.config("SET", "maxmemory-policy", "allkeys-random");
  await admin.config("SET", "maxmemory", "12mb");
  // Redis makes room when it is asked for something.
  for (let round = 0; round < 50; round++) await admin.set("something", "new");
  await admin.config("SET", "maxmemory", "0");
  expect(Number(/evicted_keys:(\d+)/.exec(await admin.info("stats"))?.[1])).toBeGreaterThan(10);

  await using server = await startTestServer(environment);
  const seen = { "told all": 0, "told what is missing": 0, "not found": 0 };
  const commandsBefore = await commandCount();
  for (const { id, token } of jobs) {
    using stream = watchJob(server.client(token), { jobId: id });
    const outcome = await stream.completed().then(
      (events) => (events.some(({ type }) => type === "stream.gap") ? outcomes[1] : outcomes[0]),
      () => outcomes[2],
    );
    seen[outcome] += 1;
    if (outcome === "told all") expect(stream.events).toHaveLength(6);
  }
  expect(seen["told what is missing"]).toBeGreaterThan(0);
  expect(seen["not found"]).toBeGreaterThan(0);
  // A few for each stream, and those that watch over the connections.
  expect((await commandCount()) - commandsBefore).toBeLessThan(jobCount * 40);
});

async function commandCount(): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await admin.info("stats"))?.[1]);
}
