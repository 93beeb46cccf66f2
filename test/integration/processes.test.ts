import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { watchFeed, watchJob } from "../support/collect.js";
import { newFolder } from "../support/new-folder.js";
import { openRawStream } from "../support/raw-http.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";
import { serverProgram, startProcess } from "../support/server-process.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken, startTestServer, testSecret } from "../support/test-server.js";

describe("servers that share one Redis", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  test("what one server accepts arrives at the streams of the other, with the same ids", async () => {
    await using here = await startTestServer({ REDIS_URL: redis.url });
    await using there = await startTestServer({ REDIS_URL: redis.url });
    const alice = await here.newUser();
    const service = await here.newService();
    const aliceThere = there.client(alice.token);
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using near = watchJob(alice.client, { jobId });
    using far = watchJob(aliceThere, { jobId });
    using feed = watchFeed(aliceThere);
    await Promise.all([near.first(1), far.first(1), feed.first(1)]);
    for (const to of ["starting", "scaffold", "failed"] as const) {
      await service.client.jobs.transition.mutate({ jobId, to });
    }
    const events = await near.completed();
    expect(events).toHaveLength(7);
    expect(await far.completed()).toEqual(events);
    expect(far.ids).toEqual(near.ids);
    await feed.first(7);
    expect(feed.events).toEqual(events);
    expect(await aliceThere.jobs.get.query({ jobId })).toEqual(await alice.client.jobs.get.query({ jobId }));
  });

  test("a stream begun at one server is resumed at the other", async () => {
    await using here = await startTestServer({ REDIS_URL: redis.url });
    await using there = await startTestServer({ REDIS_URL: redis.url });
    const alice = await here.newUser();
    const service = await there.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using first = watchJob(alice.client, { jobId });
    const [started] = await first.first(1);
    first.unsubscribe();
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    using resumed = watchJob(there.client(alice.token), { jobId, lastEventId: started?.id });
    expect((await resumed.completed()).map(({ type }) => type)).toEqual([
      "build.stage.completed",
      "build.stage.started",
    ]);
  });

  test("of callers who race through two servers exactly one wins", async () => {
    await using here = await startTestServer({ REDIS_URL: redis.url });
    await using there = await startTestServer({ REDIS_URL: redis.url });
    const alice = await here.newUser();
    const service = await here.newService();
    const clients = [service.client, there.client(service.token)];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const callers = Array.from({ length: 25 }, () => clients).flat();
    const calls = callers.map((caller) => caller.jobs.transition.mutate({ jobId, to: "starting" }));
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("events published through two servers at once have one order, the same for every reader", async () => {
    await using here = await startTestServer({ REDIS_URL: redis.url });
    await using there = await startTestServer({ REDIS_URL: redis.url });
    const alice = await here.newUser();
    const service = await here.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using near = watchJob(alice.client, { jobId });
    using far = watchJob(there.client(alice.token), { jobId });
    await Promise.all([near.first(1), far.first(1)]);
    const publishers = [service.client, there.client(service.token)];
    await Promise.all(
      publishers.map(async (client, index) => {
        for (let percent = index; percent < 100; percent += 2) {
          await client.jobs.publish.mutate({
            jobId,
            event: { type: "build.progress", stage: "code", percent },
          });
        }
      }),
    );
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const events = await near.completed();
    expect(events).toHaveLength(103);
    expect(await far.completed()).toEqual(events);
    expect(near.ids.map((id) => Number(id.split(":")[1]))).toEqual(events.map((_, index) => index + 1));
    expect(far.ids).toEqual(near.ids);
  });

  test("a transition through a process of its own arrives here", async () => {
    await using here = await startTestServer({ REDIS_URL: redis.url });
    await using there = await startProcess(process.execPath, serverProgram, {
      REDIS_URL: redis.url,
      JWT_SECRET: testSecret,
    });
    const alice = await here.newUser();
    const service = await here.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using stream = watchJob(alice.client, { jobId });
    await stream.first(1);
    const far = createTestClient({ url: there.url, token: service.token });
    await far.jobs.transition.mutate({ jobId, to: "failed", message: "said far away" });
    expect((await stream.completed()).at(-1)).toMatchObject({ stage: "failed", message: "said far away" });
    expect(await there.stop()).toBe(0);
  });

  test("a client that goes away frees what its stream held in Redis", async () => {
    await using server = await startTestServer({ REDIS_URL: redis.url });
    const alice = await server.newUser();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const operator = new Redis(redis.url);
    try {
      const channels = () => operator.pubsub("CHANNELS", `*${jobId}*`);
      const open = () => openRawStream(server.url, "jobs.events", { token: alice.token, input: { jobId } });
      const streams = [await open(), await open()];
      for (const stream of streams) await stream.until(({ id }) => id !== undefined);
      expect(await channels()).toHaveLength(1);
      for (const stream of streams) stream.disconnect();
      // A topic outlives its last stream by a few seconds, so that a page reload costs nothing.
      await vi.waitFor(async () => expect(await channels()).toEqual([]), { timeout: 15_000, interval: 100 });
    } finally {
      operator.disconnect();
    }
  });
});

describe("the server as a program", () => {
  // It builds the dashboard first.
  test("npm start says where it listens, and ends with 0 on SIGTERM", { timeout: 90_000 }, async () => {
    await using server = await startProcess("npm", ["start"], { JOBWIRE_DATA: await newFolder() });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const line = await server.until((text) => text.includes("/api/dev/token"));
    const [, printed = ""] = /curl '(.*)'/.exec(line) ?? [];
    const dev = await fetch(printed);
    expect(dev.status).toBe(200);
    expect(await server.stop()).toBe(0);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow(/fetch failed/);
  });

  test("with an open stream it ends as well, and does not tell the client that the stream is complete", async () => {
    await using server = await startProcess(process.execPath, serverProgram, { JWT_SECRET: testSecret });
    const token = await signTestToken({ sub: "alice", role: "user" });
    await using stream = await openRawStream(server.url, "jobs.feed", { token });
    await stream.until(({ event }) => event === "connected");
    expect(await server.stop()).toBe(0);
    await stream.ended();
    expect(stream.frames.map(({ event }) => event)).not.toContain("return");
  });

  test("a configuration that is wrong ends it at once with 1 and every bad name", async () => {
    const starting = startProcess(process.execPath, serverProgram, {
      SSE_HEARTBEAT_MS: "soon",
      LOG_LEVEL: "loud",
    });
    const error = await starting.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ cause: { message: "exited with 1" } });
    expect(String(error)).toMatch(/SSE_HEARTBEAT_MS/);
    expect(String(error)).toMatch(/LOG_LEVEL/);
  });
});
