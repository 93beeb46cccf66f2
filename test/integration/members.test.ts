import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtProgram } from "../support/build-programs.js";
import { watchJob } from "../support/collect.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";
import { serverProgram, spawnProcess, startProcess, type ServerProcess } from "../support/server-process.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken, testSecret } from "../support/test-server.js";

/** O7: several processes on one port, seen through the port and their log. */

const metricsToken = "a token of Prometheus's own";
const watchers = 12;

/** Each test starts up to eight processes; three test files share what cores there are. */
const patience = { timeout: 60_000 };

describe("JOBWIRE_PROCESSES", patience, () => {
  let redis: TestRedis;
  let tokens: { readonly alice: string; readonly service: string };
  beforeAll(async () => {
    redis = await startRedis();
    tokens = {
      alice: await signTestToken({ sub: "alice", role: "user" }),
      service: await signTestToken({ sub: "worker", role: "service" }),
    };
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  function start(env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
    return startProcess(process.execPath, serverProgram, {
      REDIS_URL: redis.url,
      JWT_SECRET: testSecret,
      METRICS_TOKEN: metricsToken,
      JOBWIRE_PROCESSES: "3",
      ...env,
    });
  }

  /** A job and those who watch it, spread over the processes. */
  async function watch(url: string) {
    const [alice, service] = [
      createTestClient({ url, token: tokens.alice }),
      createTestClient({ url, token: tokens.service }),
    ];
    const { id: jobId } = await alice.jobs.create.mutate({});
    await service.jobs.transition.mutate({ jobId, to: "starting" });
    const streams = Array.from({ length: watchers }, () =>
      watchJob(createTestClient({ url, token: tokens.alice }), { jobId }),
    );
    await Promise.all(streams.map((stream) => stream.first(2)));
    let published = 0;
    return {
      streams,
      async publish(count: number) {
        for (let index = 0; index < count; index++) {
          const event = { type: "build.progress", stage: "starting", percent: published++ % 100 } as const;
          const idempotencyKey = `${jobId} ${published}`;
          for (;;)
            try {
              await service.jobs.publish.mutate({ jobId, event, idempotencyKey });
              break;
            } catch (error) {
              // The process that had the call was killed, or does not listen any more.
              if (!/fetch failed|terminated|socket/i.test(String(error))) throw error;
            }
        }
      },
      /** Every watcher has every event, once and in order. */
      async account() {
        await service.jobs.transition.mutate({ jobId, to: "failed" });
        for (const stream of streams) {
          const events = await stream.completed();
          const percents = events.flatMap((event) =>
            event.type === "build.progress" ? [event.percent] : [],
          );
          expect(percents).toEqual(Array.from({ length: published }, (_, index) => index % 100));
        }
      },
    };
  }

  async function metric(url: string, name: string): Promise<number> {
    const headers = { authorization: `Bearer ${metricsToken}`, connection: "close" };
    const response = await fetch(`${url}/metrics`, { headers });
    const line = (await response.text()).split("\n").find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length) ?? NaN);
  }

  test("greets once when all are ready, counts the streams of all, and ends with 0 on SIGTERM", async () => {
    await using server = await start();
    expect(await (await fetch(`${server.url}/readyz`)).json()).toMatchObject({ status: "ready" });
    const { streams, publish, account } = await watch(server.url);
    // Whichever process answers.
    for (let time = 0; time < 6; time++)
      expect(await metric(server.url, "sse_connections_active")).toBe(watchers);
    await publish(20);
    await account();
    for (const stream of streams) stream.unsubscribe();
    expect(await server.stop()).toBe(0);
    expect(server.lines.filter((line) => line.startsWith("Jobwire listens on"))).toHaveLength(1);
  });

  test("what a process has counted that is killed stays counted", async () => {
    await using server = await start({ JOBWIRE_PROCESSES: "2" });
    const headers = { authorization: `Bearer ${tokens.alice}`, connection: "close" };
    for (let opened = 0; opened < 20; opened++) {
      const leaving = new AbortController();
      await fetch(`${server.url}/api/jobs/stream`, { headers, signal: leaving.signal });
      leaving.abort();
    }
    const opened = () => metric(server.url, 'sse_connections_total{action="opened"}');
    expect(await opened()).toBe(20);
    const [killed = 0] = await childrenOf(server);
    process.kill(killed, "SIGKILL");
    await server.until((line) => line.includes("another one is started"));
    expect(await opened()).toBe(20);
    expect(await server.stop()).toBe(0);
  });

  test("replaces a process that is killed, and its streams come back and miss nothing", async () => {
    await using server = await start();
    const { publish, account, streams } = await watch(server.url);
    for (const child of (await childrenOf(server)).slice(0, 2)) {
      const publishing = publish(50);
      process.kill(child, "SIGKILL");
      await publishing;
      await server.until((line) => line.includes("another one is started") && line.includes(String(child)));
    }
    expect(
      streams.some(({ states }) => states.filter(({ state }) => state === "connecting").length > 1),
    ).toBe(true);
    await account();
    expect(await server.stop()).toBe(0);
  });

  test("replaces one that has too much memory after its successor listens, and streams miss nothing", async () => {
    await using server = await start({ JOBWIRE_PROCESSES: "2", JOBWIRE_PROCESS_MAX_MB: "64" });
    const { publish, account } = await watch(server.url);
    await publish(20);
    await server.until((line) => line.includes("too much memory"));
    await publish(20);
    await account();
    expect(server.lines.some((line) => line.includes("another one is started"))).toBe(false);
    expect(await server.stop()).toBe(0);
  });

  test("on SIGTERM in the middle of publishing each stream has what was accepted, and goes on at the next server", async () => {
    await using server = await start({ JOBWIRE_PROCESSES: "2", DRAIN_MS: "200" });
    const { publish, account } = await watch(server.url);
    const publishing = publish(200);
    expect(await server.stop()).toBe(0);
    await using _next = await start({ JOBWIRE_PROCESSES: "2", PORT: new URL(server.url).port });
    await publishing;
    await account();
  });

  test("a port that is taken ends them all with 1 and says so", async () => {
    await using server = await start({ JOBWIRE_PROCESSES: "2" });
    const again = { JOBWIRE_PROCESSES: "2", PORT: new URL(server.url).port };
    const second = await start(again).catch((error: unknown) => error);
    expect(String(second)).toContain("EADDRINUSE");
  });

  test("one that has died unnoticed is no reason not to stop the others", async () => {
    const program = spawnProcess(process.execPath, [builtProgram("test/support/stop-beside-dead.ts")], {});
    expect(await program.exited).toBe(0);
    expect(program.lines.join("")).toBe("stopped");
  });

  async function childrenOf(server: ServerProcess): Promise<readonly number[]> {
    const line = await server.until((text) => text.startsWith("  Pids"));
    return line.trim().split(/ +/).slice(1).map(Number);
  }
});
