import { randomUUID } from "node:crypto";
import { createJobwireClient } from "@jobwire/client";
import type { JobStreamEvent } from "@jobwire/shared";
import { describe, expect, test, vi } from "vitest";
import { runCli } from "../cli/run-cli.js";
import { watchJob } from "../support/collect.js";
import { scrape } from "../support/metrics.js";
import { offsetOf, startPublisher } from "../support/publishing.js";
import { freePort, startRedis } from "../support/redis-server.js";
import { patience, startServerProcess } from "../support/shutdown.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken, startTestServer } from "../support/test-server.js";
import { Http2Client, framesOf } from "../sse/support/http2-client.js";
import { createSelfSigned } from "../sse/support/self-signed.js";
import { hasNginx, startNginx } from "./nginx.js";

if (!hasNginx) process.stdout.write("No nginx on the PATH: tests behind it are skipped.\n");

const mistakes = [
  {
    name: "that buffers, with HTTP/1.0 to the servers",
    change: (configuration: string) =>
      configuration
        .replace("proxy_http_version 1.1;", "proxy_http_version 1.0;")
        .replace("proxy_buffering off;", "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;"),
    finding: '{"check":"stream","status":"fail"',
    fix: "proxy_buffering off",
  },
  {
    name: "that gives up before the heartbeat",
    change: (configuration: string) =>
      configuration.replace("proxy_read_timeout 60s;", "proxy_read_timeout 1s;"),
    finding: '{"check":"heartbeat","status":"fail"',
    fix: "proxy_read_timeout",
  },
  {
    name: "that compresses streams",
    change: (configuration: string) => configuration.replace("gzip_types ", "gzip_types text/event-stream "),
    finding: '{"check":"stream","status":"warn"',
    fix: "no compression of text/event-stream",
  },
];

describe.skipIf(!hasNginx)("behind nginx, configured as in examples/deploy,", { timeout: 180_000 }, () => {
  test("events and heartbeats come as they are sent, uncompressed, while calls are compressed", async () => {
    await using server = await startTestServer({ SSE_HEARTBEAT_MS: "100" });
    await using nginx = await startNginx([server.url, server.url]);
    const user = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await user.client.jobs.create.mutate({});
    const headers = { authorization: `Bearer ${user.token}`, "accept-encoding": "gzip" };
    const leave = new AbortController();
    const stream = await fetch(`${nginx.url}/api/jobs/${jobId}/events/stream`, {
      headers,
      signal: leave.signal,
    });
    expect(stream.headers.get("content-encoding")).toBeNull();
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (wanted: string) => {
      while (!text.includes(wanted)) text += (await reader?.read())?.value ?? "";
    };
    await until("build.stage.started");
    await until("event: heartbeat");
    for (const message of ["one", "two", "three"]) {
      const event = { type: "build.progress", stage: "code", percent: 1, message } as const;
      await service.client.jobs.publish.mutate({ jobId, event });
      await until(`"message":"${message}"`);
    }
    leave.abort();
    const list = await fetch(`${nginx.url}/trpc/jobs.list`, { headers });
    expect(list.headers.get("content-encoding")).toBe("gzip");
    expect(await list.text()).toContain(jobId);
  });

  test("with HTTP/2 a browser's one connection has as many streams as it likes", async () => {
    const certificate = createSelfSigned();
    await using server = await startTestServer();
    await using nginx = await startNginx([server.url, server.url], { certificate });
    const user = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await user.client.jobs.create.mutate({});
    using connection = await Http2Client.open(nginx.url, certificate.cert);
    const headers = { authorization: `Bearer ${user.token}` };
    const paths = Array.from({ length: 20 }, () => `/api/jobs/${jobId}/events/stream`);
    const opened = await Promise.all(paths.map((path) => connection.open(path, headers)));
    const streams = opened.map(({ stream }) => framesOf(stream));
    await Promise.all(
      streams.map((frames) => frames.until(({ data }) => (data ?? "").includes("build.stage.started"))),
    );
    await service.client.jobs.transition.mutate({ jobId, to: "failed", message: "the end" });
    await Promise.all(streams.map((frames) => frames.until(({ data }) => (data ?? "").includes("the end"))));
  });

  test("a reload of nginx cuts no stream", async () => {
    await using server = await startTestServer();
    await using nginx = await startNginx([server.url, server.url]);
    const { token, client } = await server.newUser();
    const { client: service } = await server.newService();
    const { id: jobId } = await client.jobs.create.mutate({});
    await using through = createJobwireClient({ url: nginx.url, token });
    const stream = through.jobs.watch(jobId);
    expect((await stream.next()).value).toMatchObject({ type: "build.stage.started" });
    const states: string[] = [];
    stream.connection.subscribe(() => states.push(stream.connection.getSnapshot().state));
    await nginx.reload();
    const event = { type: "build.progress", stage: "code", percent: 7 } as const;
    await service.jobs.publish.mutate({ jobId, event });
    expect((await stream.next()).value).toMatchObject(event);
    expect(states).toEqual([]);
  });

  test("two servers are restarted in turn under load, and every accepted event arrives once", async () => {
    await using redis = await startRedis();
    const ports = [await freePort(), await freePort()] as const;
    const [one, other] = [`http://127.0.0.1:${ports[0]}`, `http://127.0.0.1:${ports[1]}`] as const;
    const environment = {
      REDIS_URL: redis.url,
      DRAIN_MS: "1000",
      HISTORY_MAX_EVENTS: "100000",
      TRUST_PROXY: "1",
    };
    const startOn = (port: number) => startServerProcess({ ...environment, PORT: String(port) });
    await using first = await startOn(ports[0]);
    await using second = await startOn(ports[1]);
    await using nginx = await startNginx([one, other]);
    const token = await signTestToken({ sub: `user-${randomUUID()}`, role: "user" });
    const service = createTestClient({
      url: nginx.url,
      token: await signTestToken({ sub: "ci", role: "service" }),
    });
    const user = createTestClient({ url: nginx.url, token });
    const { id: jobId } = await user.jobs.create.mutate({});
    const stock = Array.from({ length: 10 }, () => watchJob(user, { jobId }));
    await using client = createJobwireClient({ url: nginx.url, token });
    const own = Array.from({ length: 10 }, () => readAll(client.jobs.watch(jobId)));
    const publishers = [startPublisher(service, [jobId]), startPublisher(service, [jobId])];
    const published = () => publishers.reduce((sum, { accepted }) => sum + accepted.size, 0);
    /** Streams come to a server again. */
    const takesStreams = async (url: string) => {
      await vi.waitFor(async () => {
        using probe = watchJob(user, { jobId });
        await probe.first(1);
        expect((await scrape(url)).value("sse_connections_active")).toBeGreaterThan(0);
      }, patience);
    };
    try {
      await Promise.all(stock.map((stream) => stream.first(5)));
      await Promise.all([takesStreams(one), takesStreams(other)]);

      first.send("SIGTERM");
      expect(await first.exited).toBe(0);
      await using firstAgain = await startOn(ports[0]);
      await takesStreams(one);
      second.send("SIGTERM");
      expect(await second.exited).toBe(0);
      await using secondAgain = await startOn(ports[1]);
      await takesStreams(other);

      const before = published();
      await vi.waitFor(() => expect(published()).toBeGreaterThan(before + 10), patience);
      await Promise.all(publishers.map(({ stop }) => stop()));
      await service.jobs.transition.mutate({ jobId, to: "failed" });
      const accepted = new Map(publishers.flatMap((publisher) => [...publisher.accepted]));
      const marks = [...accepted]
        .toSorted(([, a], [, b]) => offsetOf(a.id) - offsetOf(b.id))
        .map(([mark]) => mark);
      for (const events of await Promise.all([...stock.map((stream) => stream.completed()), ...own])) {
        expect(events.flatMap((event) => (event.type === "build.progress" ? [event.message] : []))).toEqual(
          marks,
        );
        expect(events).toHaveLength(1 + marks.length + 2);
      }
      expect(
        [firstAgain.lines, secondAgain.lines].flat().filter((line) => line.includes('"level":50')),
      ).toEqual([]);
    } finally {
      for (const stream of stock) stream.unsubscribe();
    }
  });

  test("a server that refused is asked again at once, whatever becomes of the other one", async () => {
    await using redis = await startRedis();
    const [port, otherPort] = [await freePort(), await freePort()];
    const startOn = (at: number) => startServerProcess({ REDIS_URL: redis.url, PORT: String(at) });
    await using other = await startOn(otherPort);
    await using nginx = await startNginx([`http://127.0.0.1:${port}`, `http://127.0.0.1:${otherPort}`]);
    const statuses = async () =>
      (await Promise.all(Array.from({ length: 20 }, () => fetch(`${nginx.url}/healthz`)))).map(
        ({ status }) => status,
      );
    const allAnswered = Array.from({ length: 20 }, () => 200);
    const starting = startOn(port);
    let isUp = false;
    void starting.then(() => (isUp = true));
    // Each worker of nginx finds nobody at the first one, up to the moment when it is there.
    while (!isUp) expect(await statuses()).toEqual(allAnswered);
    await using _up = await starting;
    other.send("SIGKILL");
    await other.exited;
    expect(await statuses()).toEqual(allAnswered);
  });

  test.each(mistakes)("one $name is named by `jobwire doctor`, with what to set", async (mistake) => {
    await using server = await startTestServer({ SSE_HEARTBEAT_MS: "3000" });
    await using nginx = await startNginx([server.url, server.url], mistake);
    const { stdout } = await runCli(["doctor", "--json"], {
      url: nginx.url,
      token: await server.token("ana"),
    });
    const findings = stdout.trimEnd().split("\n");
    const found = findings.find((line) => line.startsWith(mistake.finding));
    expect(found, stdout).toContain(mistake.fix);
  });
});

async function readAll(stream: AsyncIterable<JobStreamEvent>): Promise<JobStreamEvent[]> {
  const events: JobStreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}
