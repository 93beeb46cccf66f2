import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { defineTopic, jobTopic } from "@jobwire/shared";
import { openJobwire, redisStore, type EventStream } from "@jobwire/server/topics";
import { z } from "zod";
import { answerCalls } from "../processes/child.js";
import { Durations } from "./durations.js";
import { inParallel } from "./in-parallel.js";
import { ProcedureCalls } from "./procedure-calls.js";

/** Own events of 300 bytes or so. */
const reading = defineTopic("reading", {
  key: z.object({ sensor: z.string() }),
  events: { "reading.taken": z.object({ number: z.number(), text: z.string() }) },
});

export interface FanIn {
  /** The keys that are published to: each publisher has one of them. */
  readonly topics: readonly string[];
  readonly publishers: number;
  /** Of each publisher, one after the other. */
  readonly events: number;
  /** To jobs, by calls to the server at this port; `null`: to own topics, by this library. */
  readonly server: { readonly port: number; readonly token: string } | null;
}

const text = "x".repeat(200);
/** More than are published: followers may be behind. */
const maxEvents = 100_000;
const checkEveryMs = 20;

setMaxListeners(0);
let opened: Awaited<ReturnType<typeof openTopics>> | undefined;
/** How often each event has come, by its number. */
let seen = new Uint8Array();
let received = 0;
let lastAt = 0;
let followers: AsyncGenerator[] = [];

/** What a process that publishes, or one that follows, answers to. */
const calls = {
  async open(url: string): Promise<void> {
    opened = await openTopics(url);
  },

  /** From here on everything is seen. */
  async follow({ topics, publishers, events, server }: FanIn): Promise<void> {
    const { readings, jobs } = isOpen();
    await unfollow();
    [seen, received] = [new Uint8Array(publishers * events), 0];
    await Promise.all(
      topics.map((topic) =>
        server
          ? follow(jobs.stream({ jobId: topic, replay: "none" }), (event) =>
              event.type === "build.progress" ? Number.parseInt(event.message ?? "", 10) : null,
            )
          : follow(readings.stream({ sensor: topic, replay: "none" }), (event) =>
              event.type === "reading.taken" ? event.number : null,
            ),
      ),
    );
  },

  /** What has not come, and what came again, once all is there or nothing comes any more. */
  async followed(patienceMs: number): Promise<{ readonly lost: number; readonly doubled: number }> {
    lastAt = performance.now();
    while (received < seen.length && performance.now() - lastAt < patienceMs) await delay(checkEveryMs);
    return {
      lost: seen.reduce((sum, times) => sum + (times === 0 ? 1 : 0), 0),
      doubled: seen.reduce((sum, times) => sum + Math.max(0, times - 1), 0),
    };
  },

  /** Each publisher publishes its next event when the last one is answered. */
  async publish({ topics, publishers, events, server }: FanIn): Promise<Published> {
    using http = server && new ProcedureCalls(server.port);
    const publish = server && http ? byCalls(http, server.token) : byLibrary();
    const durations = new Durations();
    const [startedAt, before] = [performance.now(), process.cpuUsage()];
    await inParallel(publishers, publishers, async (publisher) => {
      const topic = topics[publisher % topics.length] ?? "";
      for (let event = 0; event < events; event++)
        await durations.time(() => publish(topic, publisher * events + event));
    });
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - startedAt) / 1000;
    return { seconds, cpuUs: user + system, ...durations.summary() };
  },
};

export type FanInCalls = typeof calls;

interface Published {
  readonly seconds: number;
  /** Of this process. */
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

answerCalls(calls, async () => {
  await unfollow();
  await opened?.jobwire[Symbol.asyncDispose]();
});

async function openTopics(url: string) {
  const jobwire = await openJobwire({ store: redisStore({ url }), maxEvents });
  return { jobwire, readings: jobwire.topic(reading), jobs: jobwire.topic(jobTopic) };
}

function isOpen() {
  if (!opened) throw new Error("It was not opened.");
  return opened;
}

async function follow<Event extends object>(
  stream: EventStream<Event>,
  numberOf: (event: Event) => number | null,
): Promise<void> {
  const events = (await isOpen().jobwire.fromNow(stream))[Symbol.asyncIterator]();
  followers.push(events);
  void (async () => {
    for await (const [, event] of events) {
      const number = numberOf(event);
      if (number === null) continue;
      seen[number] = (seen[number] ?? 0) + 1;
      received += 1;
      lastAt = performance.now();
    }
  })();
}

async function unfollow(): Promise<void> {
  await Promise.all(followers.map((follower) => follower.return(undefined)));
  followers = [];
}

function byLibrary() {
  const { readings } = isOpen();
  return (sensor: string, number: number): Promise<unknown> =>
    readings.publish({ sensor }, { type: "reading.taken", number, text });
}

function byCalls(http: ProcedureCalls, token: string) {
  return (jobId: string, number: number): Promise<unknown> => {
    const message = `${number} ${text}`;
    const event = { type: "build.progress", stage: "code", percent: 1, message };
    return http.mutate("jobs.publish", token, { jobId, event });
  };
}
