import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { describeOnRedis } from "../topics/stores.js";
import { add, newGate, newQueue, told } from "./queue.js";

const result = { url: "https://videos.example/1" };
const missed = { type: "job.missed", problem: expect.any(String) };
const begun = [
  { type: "job.added", name: "encode" },
  { type: "job.waiting" },
  { type: "job.started", attempt: 1 },
];

describeOnRedis("a queue of BullMQ", (redis) => {
  test("tells each job's progress, lines, result and state, in order, and ends its log", async () => {
    const { queue, work, follow } = newQueue(redis().url);
    await using following = await follow();
    work(async (job) => {
      await job.log("opening");
      await job.updateProgress({ frame: 1 });
      await Promise.all([job.log("one"), job.log("two")]);
      await job.updateProgress({ frame: 2 });
      return result;
    });
    const jobId = await add(queue);
    expect(await told(following, jobId)).toEqual([
      ...begun,
      { type: "job.log", attempt: 1, line: 1, text: "opening" },
      { type: "job.progress", progress: { frame: 1 } },
      { type: "job.log", attempt: 1, line: 2, text: "one" },
      { type: "job.log", attempt: 1, line: 3, text: "two" },
      { type: "job.progress", progress: { frame: 2 } },
      { type: "job.completed", result },
    ]);
    expect(await following.videos.state({ jobId })).toMatchObject({
      status: "completed",
      name: "encode",
      attempt: 1,
      progress: { frame: 2 },
      result,
      line: { attempt: 1, line: 3 },
    });
    expect(await following.videos.counts(["completed", "active"])).toEqual({ completed: 1, active: 0 });
  });

  test("tells what BullMQ itself has forgotten: jobs that are removed when they complete", async () => {
    const { queue, work, follow } = newQueue(redis().url);
    await using following = await follow();
    work(async (job) => {
      await job.log("kept");
      return result;
    });
    const jobId = await add(queue, { removeOnComplete: true });
    expect((await told(following, jobId)).slice(3)).toEqual([
      { type: "job.log", attempt: 1, line: 1, text: "kept" },
      { type: "job.completed", result },
    ]);
    expect(await queue.getJob(jobId)).toBeUndefined();
  });

  test("tells each try of a job that fails, and its failure when there are no more", async () => {
    const { queue, work, follow } = newQueue(redis().url);
    await using following = await follow();
    work(async (job) => {
      await job.log(`try ${job.attemptsStarted}`);
      await job.updateProgress({ frame: 1 });
      throw new Error("no disk");
    });
    const jobId = await add(queue, { attempts: 2, backoff: { type: "fixed", delay: 1 } });
    const attempt = (number: number) => [
      { type: "job.started", attempt: number },
      { type: "job.log", attempt: number, line: 1, text: `try ${number}` },
      { type: "job.progress", progress: { frame: 1 } },
    ];
    expect(await told(following, jobId)).toEqual([
      ...begun.slice(0, 2),
      ...attempt(1),
      { type: "job.delayed", until: expect.any(Date) },
      { type: "job.waiting" },
      ...attempt(2),
      { type: "job.failed", reason: "no disk" },
    ]);
  });

  test("tells that a worker is gone, and what the next one does", async () => {
    const { queue, work, follow } = newQueue(redis().url);
    await using following = await follow();
    const held = newGate();
    const first = work(
      async () => {
        held.open();
        return new Promise(() => {});
      },
      { lockDuration: 200, skipLockRenewal: true, skipStalledCheck: true },
    );
    const jobId = await add(queue);
    await held.opened;
    await first.close(true);
    work(async () => result, { stalledInterval: 100 });
    expect(await told(following, jobId)).toEqual([
      ...begun,
      { type: "job.waiting" },
      { type: "job.stalled" },
      { type: "job.started", attempt: 2 },
      { type: "job.completed", result },
    ]);
  });

  test("goes on after a pause where it was, and one of two processes that follow tells it", async () => {
    const { queue, work, follow } = newQueue(redis().url);
    const steps = [newGate(), newGate()] as const;
    work(async (job) => {
      for (let frame = 1; frame <= 4; frame++) {
        await job.updateProgress({ frame });
        if (frame === 1) await steps[0].opened;
        if (frame === 3) await steps[1].opened;
      }
      return result;
    });
    const jobId = await add(queue);
    {
      await using first = await follow();
      for await (const [, event] of first.videos.stream({ jobId })) if (event.type === "job.progress") break;
    }
    steps[0].open();
    await using second = await follow();
    await using third = await follow();
    for await (const [, event] of third.videos.stream({ jobId }))
      if (event.type === "job.progress" && event.progress.frame === 3) break;
    steps[1].open();
    const frames = [1, 2, 3, 4].map((frame) => ({ type: "job.progress", progress: { frame } }));
    const all = [...begun, ...frames, { type: "job.completed", result }];
    expect(await told(second, jobId)).toEqual(all);
    expect(await told(third, jobId)).toEqual(all);
  });

  test("says that events were trimmed before they were read, and what the job has come to", async () => {
    const { queue, work, follow } = newQueue(redis().url);
    const [begin, ended] = [newGate(), newGate()];
    const worker = work(async (job) => {
      await begin.opened;
      for (let frame = 1; frame <= 300; frame++) await job.updateProgress({ frame });
      return result;
    });
    worker.once("completed", () => ended.open());
    const jobId = await add(queue);
    {
      await using first = await follow();
      for await (const [, event] of first.videos.stream({ jobId })) if (event.type === "job.started") break;
    }
    begin.open();
    await ended.opened;
    await queue.trimEvents(0);
    await using second = await follow();
    expect(await told(second, jobId)).toEqual([
      ...begun,
      missed,
      { type: "job.progress", progress: { frame: 300 } },
      { type: "job.completed", result },
    ]);
    // And goes on with what comes then.
    expect(await told(second, await add(queue))).toHaveLength(3 + 300 + 1);
  });

  test("says which progress and which result are none of the definition's", async () => {
    const { queue, work, follow } = newQueue(redis().url);
    await using following = await follow();
    work(async (job) => {
      await job.updateProgress(50);
      await job.updateProgress({ frame: 1 });
      const wrong: unknown = { url: 1 };
      return wrong as typeof result;
    });
    expect((await told(following, await add(queue))).slice(3)).toEqual([
      { type: "job.missed", problem: expect.stringMatching(/^job\.progress: .*expected object/s) },
      { type: "job.progress", progress: { frame: 1 } },
      { type: "job.missed", problem: expect.stringMatching(/^job\.completed: .*result\.url/s) },
      { type: "job.completed", result: null },
    ]);
  });

  test("begins a log anew when a failed job is tried again by hand, and ends it when the job is removed", async () => {
    const { queue, work, follow } = newQueue(redis().url);
    await using following = await follow();
    let isBroken = true;
    const worker = work(async () => {
      if (isBroken) throw new Error("no disk");
      return result;
    });
    const jobId = await add(queue);
    expect((await told(following, jobId)).at(-1)).toEqual({ type: "job.failed", reason: "no disk" });
    isBroken = false;
    const job = await queue.getJob(jobId);
    await job?.retry();
    await expect
      .poll(() => following.videos.state({ jobId }), { timeout: 20_000 })
      .toMatchObject({ status: "completed" });
    expect(await told(following, jobId)).toEqual([
      { type: "job.waiting" },
      { type: "job.started", attempt: 1 },
      { type: "job.completed", result },
    ]);
    await worker.pause();
    const other = await add(queue, { delay: 60_000 });
    await queue.remove(other);
    expect(await told(following, other)).toEqual([
      { type: "job.added", name: "encode" },
      { type: "job.delayed", until: expect.any(Date) },
      { type: "job.removed" },
    ]);
  });

  test("stops at once, also while nothing happens", async () => {
    const { follow } = newQueue(redis().url);
    const following = await follow();
    const stopped = following[Symbol.asyncDispose]();
    const late = delay(1500, "late", { ref: false });
    expect(await Promise.race([stopped, late])).toBeUndefined();
  });
});
