import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { watchFeed, watchJob, type Collected } from "../support/collect.js";
import { openRawStream } from "../support/raw-http.js";
import { freePort } from "../support/redis-server.js";
import { createTestClient, refusalOf, type TestClient } from "../support/test-client.js";
import { JobwireProcess } from "./support/jobwire-process.js";
import { hasRedisServer, RedisProcess } from "./support/redis-process.js";
import { signToken } from "./support/token.js";
import { until } from "./support/until.js";

/** Two seconds are promised; the rest is for a machine that is busy with other things. */
const refusedWithinMs = 2500;
const heartbeatMs = 300;
/** Whatever was not answered by then never will be. */
const unansweredMs = 10_000;
const hasRedis = hasRedisServer();

describe.skipIf(!hasRedis)(`while Redis is away${hasRedis ? "" : " (there is no redis-server)"}`, () => {
  let redis: RedisProcess;
  let server: JobwireProcess;
  let alice: TestClient;
  let service: TestClient;
  let token: string;

  beforeEach(async () => {
    redis = await RedisProcess.start();
    server = await startServer(redis.port);
    token = await signToken(`alice-${randomUUID()}`, "user");
    alice = createTestClient({ url: server.url, token });
    service = createTestClient({ url: server.url, token: await signToken("service", "service") });
  });

  afterEach(async () => {
    const defects = server.defects();
    await server[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    expect(defects).toEqual([]);
  });

  /** Each way an outage looks like, and how it ends. */
  const outages = [
    { name: "killed", begin: () => redis.kill(), end: () => redis.start() },
    { name: "frozen", begin: async () => redis.freeze(), end: async () => redis.thaw() },
  ];

  test.each(outages)(
    "($name) calls and new streams are refused in time, plain ones with 503",
    async ({ begin, end }) => {
      const { id: jobId } = await alice.jobs.create.mutate({});
      await begin();
      const event = { type: "build.progress", stage: "code", percent: 1 } as const;
      const calls = {
        create: () => alice.jobs.create.mutate({}),
        get: () => alice.jobs.get.query({ jobId }),
        list: () => alice.jobs.list.query({}),
        publish: () => service.jobs.publish.mutate({ jobId, event }),
        transition: () => service.jobs.transition.mutate({ jobId, to: "starting" }),
      };
      for (const [name, call] of Object.entries(calls)) {
        const { value, inTime } = await timed(refusalOf(call()));
        expect({ name, ...value, inTime }).toMatchObject({
          name,
          code: "SERVICE_UNAVAILABLE",
          reason: "STORE_UNAVAILABLE",
          status: 503,
          inTime: true,
        });
      }
      for (const watch of [() => watchJob(alice, { jobId }), () => watchFeed(alice)]) {
        const stream: Collected<unknown> = watch();
        const { value, inTime } = await timed(stream.retriedError());
        stream.unsubscribe();
        expect({ code: value.data?.code, inTime }).toEqual({ code: "SERVICE_UNAVAILABLE", inTime: true });
      }
      const plain = await timed(
        fetch(`${server.url}/api/jobs/${jobId}/events/stream`, {
          headers: { authorization: `Bearer ${token}` },
        }),
      );
      expect({ status: plain.value.status, inTime: plain.inTime }).toEqual({ status: 503, inTime: true });
      expect(Number(plain.value.headers.get("retry-after"))).toBeGreaterThan(0);
      await plain.value.body?.cancel();
      await end();
      await untilReady(server);
      await alice.jobs.create.mutate({});
    },
  );

  test.each(outages)(
    "($name) open streams stay open with heartbeats, and catch up",
    async ({ begin, end }) => {
      const { id: jobId } = await alice.jobs.create.mutate({});
      await using stream = await openRawStream(server.url, "jobs.events", { token, input: { jobId } });
      await stream.until(({ id }) => id !== undefined);
      await begin();
      await until(
        async () => (await statusOf(server, "readyz")) === 503,
        () => "the server notices",
      );
      const before = stream.frames.length;
      const beats = () => stream.frames.slice(before).filter(({ event }) => event === "ping").length;
      await until(
        () => beats() >= 3,
        () => `heartbeats: ${beats()}`,
      );
      await end();
      await untilReady(server);
      let refusal: unknown;
      await until(
        async () => {
          const call = service.jobs.transition.mutate({ jobId, to: "failed" });
          refusal = await call.then(
            () => undefined,
            (error: unknown) => error,
          );
          return refusal === undefined;
        },
        () => `the job can be ended: ${String(refusal)}`,
        10_000,
      );
      await stream.until(({ event }) => event === "return");
      expect(await stream.ended()).toBeUndefined();
      const ids = stream.frames.flatMap(({ id }) => id ?? []).map((id) => Number(id.split(":")[1]));
      expect(ids).toEqual([1, 2, 3]);
    },
  );

  test.each(outages)(
    "($name) liveness stays 200, readiness is 503 until Redis is back",
    async ({ begin, end }) => {
      expect(await statusOf(server, "readyz")).toBe(200);
      await begin();
      await until(
        async () => (await statusOf(server, "readyz")) === 503,
        () => "readiness is 503",
      );
      expect(await statusOf(server, "healthz")).toBe(200);
      await end();
      await untilReady(server);
      expect(await statusOf(server, "healthz")).toBe(200);
    },
  );

  test("every change of state is logged, and logged once", async () => {
    const changes = () =>
      server.logged(/^Redis is (not )?reachable/).map(({ msg }) => /not/.test(String(msg)));
    expect(changes()).toEqual([false]);
    for (const round of [1, 2]) {
      await redis.kill();
      await until(
        () => changes().length >= 2 * round,
        () => `the loss is logged: ${changes().join()}`,
      );
      // Long enough for several attempts to connect.
      const attempts = await Promise.all(Array.from({ length: 20 }, () => statusOf(server, "readyz")));
      expect(new Set(attempts)).toEqual(new Set([503]));
      await redis.start();
      await until(
        () => changes().length >= 2 * round + 1,
        () => `the return is logged: ${changes().join()}`,
      );
      await untilReady(server);
    }
    expect(changes()).toEqual([false, true, false, true, false]);
  });
});

describe.skipIf(!hasRedis)(
  `a server that starts without Redis${hasRedis ? "" : " (there is no redis-server)"}`,
  () => {
    test("is up, not ready, and works as soon as Redis is there", async () => {
      const port = await freePort();
      await using server = await startServer(port);
      expect(await statusOf(server, "healthz")).toBe(200);
      expect(await statusOf(server, "readyz")).toBe(503);
      const alice = createTestClient({ url: server.url, token: await signToken("alice", "user") });
      expect(await refusalOf(alice.jobs.create.mutate({}))).toMatchObject({ reason: "STORE_UNAVAILABLE" });
      using early = watchFeed(alice);
      expect((await early.retriedError()).data?.code).toBe("SERVICE_UNAVAILABLE");
      await using redis = await RedisProcess.start([], port);
      await untilReady(server);
      const { id: jobId } = await alice.jobs.create.mutate({});
      await early.until((event) => "jobId" in event && event.jobId === jobId);
      expect(server.logged(/^Redis is not reachable/)).toHaveLength(1);
      expect(server.logged(/^Redis is reachable/)).toHaveLength(1);
      expect(server.defects()).toEqual([]);
      await redis.kill();
    });
  },
);

function startServer(redisPort: number): Promise<JobwireProcess> {
  return JobwireProcess.start({
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    SSE_HEARTBEAT_MS: `${heartbeatMs}`,
  });
}

async function untilReady(server: JobwireProcess): Promise<void> {
  await until(
    async () => (await statusOf(server, "readyz")) === 200,
    () => `the server is ready. It logged:\n${JSON.stringify(server.logged(/./).slice(-5))}`,
    20_000,
  );
}

async function statusOf({ url }: JobwireProcess, path: string): Promise<number> {
  const response = await fetch(`${url}/${path}`, { signal: AbortSignal.timeout(unansweredMs) }).catch(
    (cause: unknown) => {
      throw new Error(`/${path} was not answered`, { cause });
    },
  );
  await response.body?.cancel();
  return response.status;
}

async function timed<Value>(work: Promise<Value>): Promise<{ value: Value; inTime: boolean }> {
  const start = performance.now();
  const value = await work;
  return { value, inTime: performance.now() - start < refusedWithinMs };
}
