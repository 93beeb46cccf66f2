import { afterAll, expect, test } from "vitest";
import { watchFeed, watchJob } from "../support/collect.js";
import { startRedis } from "../support/redis-server.js";
import { scrape } from "../support/metrics.js";
import { startTestServer } from "../support/test-server.js";

/** Events may be as large as a request: what is read, kept and waits at a time is bounded in bytes. */

const redis = await startRedis();
afterAll(() => redis[Symbol.asyncDispose]());

const picture = `data:image/png;base64,${"m".repeat(690_000)}`;
const count = 60;

test("a log of many large events is read by a new server while calls of others go on", async () => {
  const environment = { REDIS_URL: redis.url, HISTORY_MAX_BYTES: "100000000" };
  await using writer = await startTestServer(environment);
  const [alice, bob, service] = await Promise.all([writer.newUser(), writer.newUser(), writer.newService()]);
  const { id: jobId } = await alice.client.jobs.create.mutate({});
  for (let number = 1; number <= count; number++) {
    await service.client.jobs.publish.mutate({
      jobId,
      event: { type: "snapshot.updated", url: picture, caption: `${number}` },
    });
  }
  await service.client.jobs.transition.mutate({ jobId, to: "failed" });

  await using server = await startTestServer(environment);
  using stream = watchJob(server.client(alice.token), { jobId });
  using feed = watchFeed(server.client(alice.token), { types: ["build.stage.started"] });
  const calls: Promise<unknown>[] = [];
  while (stream.items.length < count + 3) {
    calls.push(server.client(bob.token).jobs.list.query());
    await stream.first(stream.items.length + 1);
  }
  await Promise.all(calls);
  const events = await stream.completed();
  expect(events.flatMap((event) => ("caption" in event ? [Number(event.caption)] : []))).toEqual(
    Array.from({ length: count }, (_, index) => index + 1),
  );
  expect((await feed.first(2)).map(({ data }) => data)).toMatchObject([
    { stage: "queued" },
    { stage: "failed" },
  ]);
  const metrics = await scrape(server.url);
  expect(metrics.value("redis_connected")).toBe(1);
});

test("a topic keeps what fits in HISTORY_MAX_BYTES: who comes late hears what is retained, after a gap if it had more", async () => {
  await using server = await startTestServer({ REDIS_URL: redis.url, HISTORY_MAX_BYTES: "1500000" });
  const [alice, service] = await Promise.all([server.newUser(), server.newService()]);
  const { id: jobId } = await alice.client.jobs.create.mutate({});
  const publish = () =>
    service.client.jobs.publish.mutate({
      jobId,
      event: { type: "snapshot.updated", url: picture },
    });
  const ids = [await publish(), await publish(), await publish(), await publish()].map(({ id }) => id);
  await using other = await startTestServer({ REDIS_URL: redis.url });
  using late = watchJob(other.client(alice.token), { jobId });
  expect((await late.first(2)).map(({ id }) => id)).toEqual(ids.slice(2));
  using behind = watchJob(other.client(alice.token), { jobId, lastEventId: ids[0] });
  const [gap, ...rest] = await behind.first(3);
  expect(gap?.data).toMatchObject({ type: "stream.gap", reason: "trimmed", from: ids[0], to: ids[1] });
  expect(rest.map(({ id }) => id)).toEqual(ids.slice(2));
});
