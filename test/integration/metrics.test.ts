import { connect } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { watchFeed, watchJob } from "../support/collect.js";
import { scrape } from "../support/metrics.js";
import { openRawStream } from "../support/raw-http.js";
import { openStream } from "../sse/support/wire-stream.js";
import { startRedis } from "../support/redis-server.js";
import {
  describeOnEachStore,
  startTestServer,
  type Caller,
  type TestServer,
} from "../support/test-server.js";

const patience = { timeout: 20_000, interval: 20 };

async function becomes(
  server: TestServer,
  name: string,
  labels: Record<string, string>,
  expected: number | ((value: number) => boolean),
): Promise<void> {
  await vi.waitFor(async () => {
    const value = (await scrape(server.url)).value(name, labels);
    if (typeof expected === "number" ? value !== expected : !expected(value))
      throw new Error(`${name}${JSON.stringify(labels)} is ${value}`);
  }, patience);
}

async function startJob(server: TestServer) {
  const owner = await server.newUser();
  const service = await server.newService();
  const { id: jobId } = await owner.client.jobs.create.mutate({});
  return { owner, service, jobId };
}

async function publish({ client }: Caller, jobId: string, count: number, message?: string): Promise<void> {
  const events = Array.from({ length: count }, (_, number) => ({
    type: "build.progress" as const,
    stage: "code" as const,
    percent: number % 101,
    ...(message && { message }),
  }));
  for (let start = 0; start < count; start += 100)
    await client.jobs.publish.mutate({ jobId, events: events.slice(start, start + 100) });
}

/** Asks for a stream and takes nothing of it. */
function openAndTakeNothing(server: TestServer, { token }: Caller): Disposable {
  const { port, host } = new URL(server.url);
  const socket = connect({ port: Number(port), host: "127.0.0.1" });
  socket.on("error", () => {});
  socket.pause();
  socket.write(`GET /trpc/jobs.feed HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\n\r\n`);
  return { [Symbol.dispose]: () => socket.destroy() };
}

describeOnEachStore("metrics", (store) => {
  test("count streams as they are opened, refused and closed, with no label for the service", async () => {
    await using server = await store.start({ SSE_MAX_CONNECTIONS_PER_USER: "2" });
    const { token } = await server.newUser();
    const before = await scrape(server.url);
    expect(before.value("sse_connections_active")).toBe(0);
    for (const action of ["opened", "closed", "refused"])
      expect(before.value("sse_connections_total", { action }), action).toBe(0);

    await using first = await openRawStream(server.url, "jobs.feed", { token });
    await using second = await openRawStream(server.url, "jobs.feed", { token });
    expect([first.status, second.status]).toEqual([200, 200]);
    await using refused = await openRawStream(server.url, "jobs.feed", { token });
    expect(refused.status).toBe(429);
    await becomes(server, "sse_connections_active", {}, 2);
    first.disconnect();
    await becomes(server, "sse_connections_active", {}, 1);

    const after = await scrape(server.url);
    expect(after.value("sse_connections_total", { action: "opened" })).toBe(2);
    expect(after.value("sse_connections_total", { action: "closed" })).toBe(1);
    expect(after.value("sse_connections_total", { action: "refused" })).toBe(1);
    expect(after.value("sse_connections_closed_total", { reason: "client" })).toBe(1);
    expect(after.labelNamesOf("sse_connections_total")).toEqual(["action"]);
    expect(after.labelNamesOf("sse_connections_active")).toEqual([]);
    expect(after.labelNamesOf("sse_connections_closed_total")).toEqual(["reason"]);
  });

  test("count each event of each stream once, by service, and those that were caught up with", async () => {
    await using server = await store.start();
    const { owner, service, jobId } = await startJob(server);
    await publish(service, jobId, 4);
    using live = watchJob(owner.client, { jobId });
    using feed = watchFeed(owner.client);
    await Promise.all([live.first(5), feed.first(5)]);
    await publish(service, jobId, 3);
    await Promise.all([live.first(8), feed.first(8)]);
    using plain = await openStream(`${server.url}/api/jobs/${jobId}/events/stream`, {
      headers: { authorization: `Bearer ${owner.token}` },
    });
    await plain.until(({ id }) => id?.endsWith(":8") ?? false);

    const metrics = await scrape(server.url);
    expect(metrics.value("sse_events_sent_total", { service: "jobs", status: "ok" })).toBe(24);
    expect(metrics.value("sse_events_sent_total", { service: "jobs", status: "dropped" })).toBe(0);
    expect(metrics.value("sse_events_replayed_total", { service: "jobs" })).toBe(18);
    expect(metrics.value("sse_gaps_total", { service: "jobs", reason: "trimmed" })).toBe(0);
    expect(metrics.labelNamesOf("sse_events_sent_total")).toEqual(["service", "status"]);
  });

  test("time each topic that writes to its streams", async () => {
    await using server = await store.start();
    const { owner, service, jobId } = await startJob(server);
    using stream = watchJob(owner.client, { jobId });
    await stream.first(1);
    await becomes(server, "sse_connections_active", {}, 1);
    const before = (await scrape(server.url)).value("sse_send_duration_seconds_count", { service: "jobs" });
    for (let count = 1; count <= 3; count++) {
      await publish(service, jobId, 1);
      await stream.first(1 + count);
    }
    await becomes(server, "sse_send_duration_seconds_count", { service: "jobs" }, before + 3);
  });

  test("count a gap with its reason", async () => {
    await using server = await store.start({ HISTORY_MAX_EVENTS: "2" });
    const { owner, service, jobId } = await startJob(server);
    using first = watchJob(owner.client, { jobId });
    const [{ id } = { id: "" }] = await first.first(1);
    first.unsubscribe();
    await publish(service, jobId, 300);
    using resumed = watchJob(owner.client, { jobId, lastEventId: id });
    await resumed.until(({ type }) => type === "stream.gap");
    expect((await scrape(server.url)).value("sse_gaps_total", { service: "jobs", reason: "trimmed" })).toBe(
      1,
    );
  });
});

describe("metrics of readers that do not read", () => {
  test("a slow one is counted, and what came too much for it", async () => {
    await using server = await startTestServer({ SSE_MAX_BUFFERED_BYTES: "1000" });
    const { owner, service, jobId } = await startJob(server);
    using _reader = openAndTakeNothing(server, owner);
    await becomes(server, "sse_connections_active", {}, 1);
    // More than the kernel takes for a socket that is not read from.
    while ((await scrape(server.url)).value("sse_connections_active") > 0)
      await publish(service, jobId, 20, "x".repeat(4000));
    const metrics = await scrape(server.url);
    expect(metrics.value("sse_connections_closed_total", { reason: "slow" })).toBe(1);
    expect(metrics.value("sse_events_sent_total", { service: "jobs", status: "dropped" })).toBeGreaterThan(0);
  });

  test("a dead one is counted", async () => {
    await using server = await startTestServer({
      SSE_SEND_TIMEOUT_MS: "300",
      SSE_MAX_BUFFERED_BYTES: "100000000",
    });
    const { owner, service, jobId } = await startJob(server);
    using _reader = openAndTakeNothing(server, owner);
    await becomes(server, "sse_connections_active", {}, 1);
    while ((await scrape(server.url)).value("sse_connections_active") > 0)
      await publish(service, jobId, 20, "x".repeat(4000));
    expect((await scrape(server.url)).value("sse_connections_closed_total", { reason: "dead" })).toBe(1);
  });
});

describe("metrics of Redis", () => {
  test("say whether it is there and how often it came back", async () => {
    await using redis = await startRedis();
    await using server = await startTestServer({ REDIS_URL: redis.url });
    await becomes(server, "redis_connected", {}, 1);
    expect((await scrape(server.url)).value("redis_reconnects_total")).toBe(0);
    await redis.kill();
    await becomes(server, "redis_connected", {}, 0);
    await redis.restart();
    await becomes(server, "redis_connected", {}, 1);
    expect((await scrape(server.url)).value("redis_reconnects_total")).toBe(1);
  });

  test("are absent without Redis", async () => {
    await using server = await startTestServer();
    expect((await scrape(server.url)).names.filter((name) => name.startsWith("redis"))).toEqual([]);
  });
});

describe("who may read the metrics", () => {
  const statusFor = async (url: string, headers: Record<string, string> = {}, query = "") =>
    (await fetch(`${url}/metrics${query}`, { headers })).status;

  test("services may, and Prometheus with a token of its own; nobody else, wherever they are", async () => {
    const metricsToken = "the token of Prometheus";
    await using server = await startTestServer({ METRICS_TOKEN: metricsToken });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const statusWith = (token: string) => statusFor(server.url, { authorization: `Bearer ${token}` });
    expect(await statusFor(server.url)).toBe(401);
    expect(await statusWith("nonsense")).toBe(401);
    expect(await statusWith(`${metricsToken} `)).toBe(200);
    expect(await statusWith(`${metricsToken}s`)).toBe(401);
    expect(await statusWith(user.token)).toBe(403);
    expect(await statusWith(service.token)).toBe(200);
  });

  test("in development who knows the code may, in production no code helps", async () => {
    const code = "the code of this test";
    await using server = await startTestServer({ JOBWIRE_DEV_CODE: code });
    expect(await statusFor(server.url, { "x-jobwire-code": code })).toBe(200);
    expect(await statusFor(server.url, {}, `?code=${encodeURIComponent(code)}`)).toBe(200);
    expect(await statusFor(server.url, { "x-jobwire-code": "another code of it" })).toBe(401);
    await using production = await startTestServer({ NODE_ENV: "production" });
    for (const guess of ["", "null", "undefined"])
      expect(await statusFor(production.url, { "x-jobwire-code": guess })).toBe(401);
  });

  test("two servers in one process count each for itself", async () => {
    await using one = await startTestServer();
    await using other = await startTestServer();
    const { token } = await one.newUser();
    await using stream = await openRawStream(one.url, "jobs.feed", { token });
    expect(stream.status).toBe(200);
    await becomes(one, "sse_connections_active", {}, 1);
    expect((await scrape(other.url)).value("sse_connections_total", { action: "opened" })).toBe(0);
  });
});
