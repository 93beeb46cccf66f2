import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { hasRedisServer, RedisProcess } from "../faults/support/redis-process.js";
import { add, newGate, newQueue, told } from "./queue.js";

const jobs = 20;
const steps = 30;

describe.runIf(hasRedisServer())("Redis that is killed while a queue works", () => {
  test("loses no progress, line or result of any job, and repeats none", { timeout: 120_000 }, async () => {
    await using redis = await RedisProcess.start();
    const url = `redis://127.0.0.1:${redis.port}`;
    const { queue, work, follow } = newQueue(url);
    const failures: unknown[] = [];
    await using following = await follow((error) => failures.push(error));
    let done = 0;
    const reached = [80, 400].map((count) => ({ count, gate: newGate() }));
    work(
      async (job) => {
        for (let frame = 1; frame <= steps; frame++) {
          await job.updateProgress({ frame });
          await job.log(`line ${frame}`);
          done++;
          for (const { count, gate } of reached) if (done === count) gate.open();
        }
        return { url: `https://videos.example/${job.id}` };
      },
      { concurrency: 5, lockDuration: 60_000 },
    );
    const ids: string[] = [];
    for (let count = 0; count < jobs; count++) ids.push(await add(queue));
    for (const { gate } of reached) {
      await gate.opened;
      await redis.kill();
      await delay(300); // as long as an operator's restart: calls come and wait meanwhile
      await redis.start();
    }
    const completed = () => following.videos.counts(["completed"]).catch(() => null);
    await expect.poll(completed, { timeout: 60_000 }).toEqual({ completed: jobs });
    const all = await Promise.all(ids.map((jobId) => told(following, jobId)));
    const worked = Array.from({ length: steps }, (_, index) => [
      { type: "job.progress", progress: { frame: index + 1 } },
      { type: "job.log", attempt: 1, line: index + 1, text: `line ${index + 1}` },
    ]).flat();
    for (const [index, events] of all.entries())
      expect(events).toEqual([
        { type: "job.added", name: "encode" },
        { type: "job.waiting" },
        { type: "job.started", attempt: 1 },
        ...worked,
        { type: "job.completed", result: { url: `https://videos.example/${ids[index]}` } },
      ]);
    expect(failures.length).toBeGreaterThan(0);
  });
});
