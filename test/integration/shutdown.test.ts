import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { readConfig, startServer } from "@jobwire/server";
import { describe, expect, test, vi } from "vitest";
import { watchFeed, watchJob } from "../support/collect.js";
import { openRawStream } from "../support/raw-http.js";
import { startRedis } from "../support/redis-server.js";
import { serverProgram, spawnProcess, startProcess, type ServerProcess } from "../support/server-process.js";
import { createTestClient, describeRefusal, type TestClient } from "../support/test-client.js";
import { describeOnEachStore, signTestToken, testSecret } from "../support/test-server.js";
import { RawSocket } from "../sse/support/raw-socket.js";
import { startTcpProxy } from "../sse/support/tcp-proxy.js";
import { fetchText } from "../sse/support/wire-stream.js";

const patience = { timeout: 20_000, interval: 20 };

function startServerProcess(env: Record<string, string> = {}): Promise<ServerProcess> {
  return startProcess(process.execPath, serverProgram, { JWT_SECRET: testSecret, ...env });
}

/** `null` when nobody answers. */
async function readiness({ url }: { readonly url: string }): Promise<number | null> {
  return fetch(`${url}/readyz`).then(
    ({ status }) => status,
    () => null,
  );
}

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
  test(
    "under load: 500 streams move to another process, every accepted event arrives once, and the exit code is 0",
    { timeout: 180_000 },
    async () => {
      const [streamCount, jobCount, drainMs, taskDrainMs] = [500, 10, 1500, 5000];
      await using redis = await startRedis();
      const env = {
        REDIS_URL: redis.url,
        DRAIN_MS: String(drainMs),
        TASK_DRAIN_MS: String(taskDrainMs),
        HISTORY_MAX_EVENTS: "10000",
      };
      await using here = await startServerProcess(env);
      await using there = await startServerProcess(env);
      await using balancer = await startTcpProxy(Number(new URL(here.url).port));
      const token = await signTestToken({ sub: `user-${randomUUID()}`, role: "user" });
      const user = createTestClient({ url: balancer.url, token });
      const service = await signTestToken({ sub: "ci", role: "service" });
      const jobs = await Promise.all(Array.from({ length: jobCount }, () => user.jobs.create.mutate({})));
      const streams = Array.from({ length: streamCount }, (_, index) => {
        const jobId = jobs[index % jobCount]?.id ?? "";
        return { jobId, stream: watchJob(user, { jobId }) };
      });
      try {
        await Promise.all(streams.map(({ stream }) => stream.first(1)));
        const publishers = [balancer, there].map(({ url }) =>
          startPublisher(
            createTestClient({ url, token: service }),
            jobs.map(({ id }) => id),
          ),
        );
        const published = (count: number) =>
          vi.waitFor(() => {
            for (const { accepted } of publishers) expect(accepted.size).toBeGreaterThan(count);
          }, patience);
        await published(20);

        const start = performance.now();
        here.send("SIGTERM");
        await vi.waitFor(async () => expect(await readiness(here)).not.toBe(200), patience);
        balancer.switchTo(Number(new URL(there.url).port));
        expect(await here.exited).toBe(0);
        expect(performance.now() - start).toBeLessThan(drainMs + taskDrainMs);

        const soFar = Math.max(...publishers.map(({ accepted }) => accepted.size));
        await published(soFar + 10);
        await Promise.all(publishers.map(({ stop }) => stop()));
        const ending = createTestClient({ url: there.url, token: service });
        for (const { id: jobId } of jobs) await ending.jobs.transition.mutate({ jobId, to: "failed" });
        await Promise.all(streams.map(({ stream }) => stream.completed()));

        const accepted = new Map(publishers.flatMap((publisher) => [...publisher.accepted]));
        for (const { id: jobId } of jobs) {
          const own = [...accepted].filter(([, at]) => at.jobId === jobId);
          const marks = own.toSorted(([, a], [, b]) => offsetOf(a.id) - offsetOf(b.id)).map(([mark]) => mark);
          for (const { stream } of streams.filter((watched) => watched.jobId === jobId)) {
            expect(stream.ids.map(offsetOf)).toEqual(stream.ids.map((_, index) => index + 1));
            const progress = stream.events.filter((event) => event.type === "build.progress");
            expect(progress.map(({ message }) => message)).toEqual(marks);
            expect(stream.events).toHaveLength(1 + marks.length + 2);
          }
        }
      } finally {
        for (const { stream } of streams) stream.unsubscribe();
      }
    },
  );

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

describe("SIGTERM with a worker that does not end", () => {
  const program = [
    ...serverProgram,
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

interface Accepted {
  readonly jobId: string;
  readonly id: string;
}

/** Publishes to all jobs in turn, and tries each event again until it has an answer. */
function startPublisher(client: TestClient, jobIds: readonly string[]) {
  const accepted = new Map<string, Accepted>();
  let isStopped = false;
  const run = async () => {
    for (let count = 0; !isStopped; count++) {
      const jobId = jobIds[count % jobIds.length] ?? "";
      const mark = randomUUID();
      const event = { type: "build.progress", stage: "code", percent: count % 101, message: mark } as const;
      const { id } = await untilAnswered(() =>
        client.jobs.publish.mutate({ jobId, event, idempotencyKey: mark }),
      );
      accepted.set(mark, { jobId, id });
    }
  };
  const running = run();
  return {
    accepted,
    stop() {
      isStopped = true;
      return running;
    },
  };
}

function untilAnswered<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  return vi.waitFor(call, patience);
}

function offsetOf(id: string): number {
  return Number(id.split(":")[1]);
}
