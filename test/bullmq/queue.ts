import { followQueue, openQueueTopic, reportingLogs } from "@jobwire/server/bullmq";
import { openJobwire, redisStore, type Jobwire, type JobwireStore } from "@jobwire/server/topics";
import { defineQueueTopic } from "@jobwire/shared";
import { Queue, QueueEventsProducer, Worker, type Job, type WorkerOptions } from "bullmq";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { newPrefix } from "../topics/stores.js";

const video = defineQueueTopic("video", {
  progress: z.object({ frame: z.number() }),
  result: z.object({ url: z.string() }),
});

export interface Following extends AsyncDisposable {
  readonly jobwire: Jobwire;
  readonly videos: Awaited<ReturnType<typeof openVideos>>["videos"];
}

async function openVideos(store: JobwireStore) {
  const jobwire = await openJobwire({ store, onError: () => {} });
  return { jobwire, videos: openQueueTopic(jobwire, video) };
}

/** What a process that follows a queue of its own has. */
export function newQueue(url: string) {
  const [name, prefix, storePrefix] = ["videos", newPrefix(), newPrefix()];
  // As BullMQ's workers do: a call waits until Redis is back.
  const connection = { url, maxRetriesPerRequest: null };
  const queue = new Queue<object, { url: string }>(name, { connection, prefix });
  const producer = new QueueEventsProducer(name, { connection, prefix });
  queue.on("error", () => {});
  producer.on("error", () => {});
  onTestFinished(async () => {
    await Promise.all([queue.close(), producer.close()]);
  });
  return {
    queue,
    /** Runs jobs until the test is over. */
    work(
      perform: (job: Job<object, { url: string }>) => Promise<{ url: string }>,
      options: Partial<WorkerOptions> = {},
    ): Worker<object, { url: string }> {
      const worker = new Worker<object, { url: string }>(name, reportingLogs(producer, perform), {
        connection,
        prefix,
        ...options,
      });
      worker.on("error", () => {});
      onTestFinished(() => worker.close(true));
      return worker;
    },
    async follow(onError: (error: unknown) => void = () => {}): Promise<Following> {
      const { jobwire, videos } = await openVideos(redisStore({ url, prefix: storePrefix }));
      const following = followQueue({ jobwire, topic: videos, queue: name, url, prefix, onError });
      return {
        jobwire,
        videos,
        async [Symbol.asyncDispose]() {
          await following[Symbol.asyncDispose]();
          await jobwire[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** Everything that the log of a job says until it ends, without where and when. */
export async function told({ videos }: Following, jobId: string) {
  const events = [];
  for await (const [, event] of videos.stream({ jobId })) events.push(event);
  return events.map((event) => {
    if (event.type === "stream.gap") return event;
    const { jobId: _job, timestamp: _at, position: _position, ...said } = event;
    return said;
  });
}

export async function add(
  queue: Queue<object, { url: string }>,
  options: Parameters<typeof queue.add>[2] = {},
): Promise<string> {
  const { id } = await queue.add("encode", {}, options);
  if (id === undefined) throw new Error("BullMQ gave the job no id.");
  return id;
}

/** Something that happens once. */
export function newGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}
