import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { readConfig, startServer } from "@jobwire/server";
import { describe, expect, test, vi } from "vitest";
import { watchFeed } from "../support/collect.js";
import { openRawStream } from "../support/raw-http.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";
import {
  serverProgram,
  serverSource,
  spawnProcess,
  startProcess,
  type ServerProcess,
} from "../support/server-process.js";
import { patience, readiness, startServerProcess } from "../support/shutdown.js";
import { createTestClient, describeRefusal, refusalOf } from "../support/test-client.js";
import { simulateTask } from "../support/tasks.js";
import { describeOnEachStore, signTestToken, testSecret } from "../support/test-server.js";
import { RawSocket } from "../sse/support/raw-socket.js";
import { fetchText } from "../sse/support/wire-stream.js";

describeOnEachStore("a server that drains", (store) => {
  test("is alive and not ready, sends streams away and refuses new ones, and still answers calls", async () => {
    const environment = { PORT: "0", LOG_LEVEL: "silent", JWT_SECRET: testSecret, ...store.environment() };
    await using server = await startServer(readConfig(environment));
    const token = await signTestToken({ sub: `user-${randomUUID()}`, role: "user" });
    const client = createTestClient({ url: server.url, token });
    const { id: jobId } = await client.jobs.create.mutate({});
    await using stream = await openRawStream(server.url, "jobs.events", { token, input: { jobId } });
    await stream.until(({ id }) => id !== undefined);
    expect(await readiness(server)).toBe(200);

    await server.drain();
    expect(await stream.ended()).toBeUndefined();
    expect(stream.frames.map(({ event }) => event)).toEqual(["connected", undefined]);
    expect(stream.retriesMs).toHaveLength(2);
    expect(await fetchText(`${server.url}/readyz`)).toMatchObject({
      status: 503,
      text: JSON.stringify({ status: "stopping" }),
    });
    expect((await fetchText(`${server.url}/healthz`)).status).toBe(200);
    using late = watchFeed(client);
    expect(describeRefusal(await late.retriedError())).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    const plain = await fetchText(`${server.url}/api/jobs/${jobId}/events/stream`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(plain).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect(await client.jobs.get.query({ jobId })).toMatchObject({ id: jobId });
  });
});

describe("SIGTERM", () => {
  test("lets a call in hand finish: it is answered, then the process ends with 0", async () => {
    await using server = await startServerProcess();
    const token = await signTestToken({ sub: "alice", role: "user" });
    using socket = await RawSocket.open(Number(new URL(server.url).port));
    const body = JSON.stringify({ title: "in hand" });
    socket.write(
      `POST /trpc/jobs.create HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
    );
    await socket.until(/^HTTP\/1\.1 100/);
    server.send("SIGTERM");
    await vi.waitFor(async () => expect(await readiness(server)).toBeNull(), patience);
    socket.write(body);
    await socket.until(/HTTP\/1\.1 200[^]*"title":"in hand"/);
    expect(await server.exited).toBe(0);
  });

  test("cuts off a call that never ends", async () => {
    await using server = await startServerProcess();
    using socket = await RawSocket.open(Number(new URL(server.url).port));
    socket.write(
      "POST /trpc/jobs.create HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n" +
        "content-length: 100\r\nexpect: 100-continue\r\n\r\n",
    );
    await socket.until(/^HTTP\/1\.1 100/);
    expect(await server.stop()).toBe(0);
  });

  test("while Redis is away ends the process with 0 as well", async () => {
    await using redis = await startRedis();
    await using server = await startServerProcess({ REDIS_URL: redis.url });
    const token = await signTestToken({ sub: "alice", role: "user" });
    await using stream = await openRawStream(server.url, "jobs.feed", { token });
    await stream.until(({ event }) => event === "connected");
    await redis.kill();
    await vi.waitFor(async () => expect(await readiness(server)).toBe(503), patience);
    expect(await server.stop()).toBe(0);
    expect(stream.frames.map(({ event }) => event)).not.toContain("return");
  });

  test("during the start ends the process with 0, and a second one at once", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const env = { REDIS_URL: `redis://127.0.0.1:${port}`, JWT_SECRET: testSecret };
    try {
      // Two of the same kind may arrive as one.
      const cases = [
        { signals: ["SIGTERM"], exit: 0 },
        { signals: ["SIGTERM", "SIGINT"], exit: 1 },
      ] as const;
      for (const { signals, exit } of cases) {
        const connected = once(silent, "connection");
        await using starting = spawnProcess(process.execPath, serverProgram, env);
        await connected;
        for (const signal of signals) starting.send(signal);
        expect(await starting.exited).toBe(exit);
      }
    } finally {
      silent.close();
    }
  });
});

describe("SIGTERM with a running task", () => {
  /** Of alice, on the server that is asked. */
  async function startTask(server: ServerProcess, durationMs: number): Promise<string> {
    const token = await signTestToken({ sub: "tests", role: "service" });
    return (await simulateTask(server, token, { durationMs, steps: 10, ownerId: "alice" })).id;
  }

  async function startPair(redis: TestRedis, taskDrainMs: number) {
    const env = { REDIS_URL: redis.url, TESTING: "on", TASK_DRAIN_MS: String(taskDrainMs) };
    const here = await startServerProcess(env);
    const there = await startServerProcess(env);
    const token = await signTestToken({ sub: "alice", role: "user" });
    const session = await openRawStream(there.url, "sessions.events", {
      token,
      input: { requestId: "tab" },
    });
    await session.until(({ data }) => data?.includes("session.opened") ?? false);
    const client = createTestClient({ url: here.url, token });
    return {
      here,
      client,
      session,
      async [Symbol.asyncDispose]() {
        await session[Symbol.asyncDispose]();
        await Promise.all([here[Symbol.asyncDispose](), there[Symbol.asyncDispose]()]);
      },
    };
  }

  test("lets it finish, starts no other, and its result reaches a stream at another process", async () => {
    await using redis = await startRedis();
    await using pair = await startPair(redis, 20_000);
    const { here, client, session } = pair;
    const taskId = await startTask(here, 5000);
    here.send("SIGTERM");
    await vi.waitFor(async () => expect(await readiness(here)).toBe(503), patience);
    const another = client.tasks.start.mutate({ kind: "prune-jobs", input: { finishedBeforeDays: 1 } });
    expect(await refusalOf(another)).toMatchObject({ reason: "SHUTTING_DOWN", status: 503 });
    const ofTask =
      (type: string) =>
      ({ data = "" }: { data?: string }) =>
        data.includes(taskId) && data.includes(type);
    await session.until(ofTask("task.completed"));
    expect(await here.exited).toBe(0);
    expect(session.frames.filter(ofTask("task.failed"))).toEqual([]);
  });

  test("waits no longer than TASK_DRAIN_MS for it, and says that it failed", async () => {
    await using redis = await startRedis();
    await using pair = await startPair(redis, 200);
    const { here, session } = pair;
    const taskId = await startTask(here, 600_000);
    here.send("SIGTERM");
    const failed = await session.until(
      ({ data = "" }) => data.includes(taskId) && data.includes("task.failed"),
    );
    expect(failed.data).toContain("The server was stopped before the task was done");
    expect(await here.exited).toBe(0);
  });
});

describe("SIGTERM with a worker that does not end", () => {
  const program = [
    ...serverSource,
    "--worker",
    fileURLToPath(new URL("../support/stubborn-worker.ts", import.meta.url)),
  ];
  const start = async (env: Record<string, string>) => {
    const server = await startProcess(process.execPath, program, { JOBWIRE_WORKER: "on", ...env });
    await server.until((line) => line.includes("the stubborn worker runs"));
    return server;
  };

  test("waits for it as long as for tasks, then kills it and ends with 0", async () => {
    await using server = await start({ TASK_DRAIN_MS: "300" });
    expect(await server.stop()).toBe(0);
  });

  test("ends the process at once when it is sent again", async () => {
    await using server = await start({ TASK_DRAIN_MS: "600000" });
    server.send("SIGTERM");
    await vi.waitFor(async () => expect(await readiness(server)).toBe(503), patience);
    expect(await server.stop()).toBe(1);
  });
});
