import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { watchJob } from "../support/collect.js";
import { offsetOf, startPublisher } from "../support/publishing.js";
import { startRedis } from "../support/redis-server.js";
import { patience, readiness, startServerProcess } from "../support/shutdown.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken } from "../support/test-server.js";
import { startTcpProxy } from "../sse/support/tcp-proxy.js";

test(
  "SIGTERM under load: 500 streams move to another process, every accepted event arrives once, and the exit code is 0",
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
      /** So many more by each of them. */
      const published = async (count: number) => {
        const before = publishers.map(({ accepted }) => accepted.size);
        await vi.waitFor(() => {
          for (const [index, { accepted }] of publishers.entries())
            expect(accepted.size).toBeGreaterThan((before[index] ?? 0) + count);
        }, patience);
      };
      await published(20);

      const start = performance.now();
      here.send("SIGTERM");
      await vi.waitFor(async () => expect(await readiness(here)).not.toBe(200), patience);
      balancer.switchTo(Number(new URL(there.url).port));
      expect(await here.exited).toBe(0);
      expect(performance.now() - start).toBeLessThan(drainMs + taskDrainMs);

      await published(10);
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
