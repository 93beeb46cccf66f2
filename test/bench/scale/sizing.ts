import { defineTopic } from "@jobwire/shared";
import { openJobwire, redisStore, type Jobwire } from "@jobwire/server/topics";
import { z } from "zod";
import { application as contender } from "../contenders/application.js";
import { formatNumber } from "../report/table.js";
import { signToken } from "../token.js";
import { startApplication, type Application } from "./application.js";
import { CommandWatch } from "./command-watch.js";
import type { Finding, Part, ScaleBench } from "./finding.js";
import { inParallel } from "./in-parallel.js";

export const sizing: Part = {
  name: "sizing",
  title: "what 1,000 of everything take in Redis and cost it, with what two idle processes ask meanwhile",
  measure,
};

const times = 1000;
const callers = 16;
/** Less is what Redis needs for itself. */
const leastBytes = 50;

const note = defineTopic("note", {
  key: z.object({ board: z.string() }),
  events: { "note.added": z.object({ text: z.string() }) },
});
const order = defineTopic("order", {
  key: z.object({ orderId: z.string() }),
  events: { "order.placed": z.object({ text: z.string() }) },
  state: z.object({ events: z.number() }),
  apply: (state) => ({ events: (state?.events ?? 0) + 1 }),
});

interface Action {
  readonly name: string;
  /** Does it `times` times. */
  readonly work: () => Promise<unknown>;
}

async function measure(bench: ScaleBench): Promise<Finding> {
  const { load, redis } = bench;
  await redis.clear();
  await using application = await startApplication(bench);
  await using jobwire = await openJobwire({ store: redisStore({ url: redis.url }), maxEvents: 10_000 });
  using watch = await CommandWatch.open(redis.url);
  const jobIds: string[] = [];
  const actions = [
    ...jobActions(application, jobIds),
    ...ownActions(jobwire),
    ...streamActions(bench, application, jobIds),
  ];
  const rows: string[][] = [];
  for (const { name, work } of actions) {
    const before = await redis.usedBytes();
    const { calls, inScripts } = await watch.during(work);
    const bytes = ((await redis.usedBytes()) - before) / times;
    const each = (count: number) => formatNumber(count / times, 1);
    rows.push([name, each(calls), each(inScripts), bytes < leastBytes ? "" : formatNumber(bytes, 0)]);
  }
  await load.call("close", undefined);
  const headings = ["each of 1,000", "calls", "commands in scripts", "bytes more in Redis"];
  return { tables: [[headings, ...rows]], goals: [], lost: 0, doubled: 0 };
}

/** @param once does it the first, the second, the third … time */
function action(name: string, once: (index: number) => Promise<unknown>): Action {
  return { name, work: () => inParallel(times, callers, once) };
}

/** @param jobIds gets those that are created: of three times `times`, the first are ready, the second cancelled, the third queued */
function jobActions(application: Application, jobIds: string[]): Action[] {
  const { jobs } = application.client("robot", "service").trpc;
  const jobId = (index: number) => ({ jobId: jobIds[index] ?? "" });
  const inputOf = (index: number) => ({
    title: `Job ${index}`,
    project: "site",
    metadata: { branch: "main" },
  });
  const create = async (index: number) => {
    jobIds.push((await jobs.create.mutate(inputOf(index))).id);
  };
  const move = (to: "starting" | "scaffold" | "code" | "deps" | "checks" | "ready") =>
    action(`job: transition to ${to}`, (index) => jobs.transition.mutate({ ...jobId(index), to }));
  const event = { type: "build.progress", stage: "code", percent: 1, message: "x".repeat(200) } as const;
  return [
    action("job: create, while the feeds of its owner and of all fill up", create),
    action("job: create", create),
    move("starting"),
    move("scaffold"),
    move("code"),
    action("job: publish an event of 300 bytes", (index) => jobs.publish.mutate({ ...jobId(index), event })),
    move("deps"),
    move("checks"),
    move("ready"),
    action("job: cancel while it is queued", (index) => jobs.cancel.mutate(jobId(times + index))),
    action("job: get", (index) => jobs.get.query(jobId(index))),
    action("jobs: list 50", () => jobs.list.query({ limit: 50 })),
    action("jobs: counts", () => jobs.counts.query({})),
    action("job: create, as the first ones", create),
    action("job: create for a pipeline", (index) =>
      jobs.create.mutate({ ...inputOf(index), pipeline: "build" }),
    ),
  ];
}

function ownActions(jobwire: Jobwire): Action[] {
  const notes = jobwire.topic(note);
  const orders = jobwire.topic(order);
  const publish = (board: string, bytes: number) =>
    notes.publish({ board }, { type: "note.added", text: "x".repeat(bytes) });
  const place = (index: number) =>
    orders.publish({ orderId: `order ${index}` }, { type: "order.placed", text: "x".repeat(100) });
  return [
    ...[100, 1000, 10_000].map((bytes) =>
      action(`own topic: publish ${formatNumber(bytes, 0)} bytes and the rest of the event`, () =>
        publish(`of ${bytes}`, bytes),
      ),
    ),
    action("own topic: publish 100 bytes to a new one", (index) => publish(`board ${index}`, 100)),
    action("own topic with a state: publish 100 bytes to a new one", place),
    action("own topic with a state: publish 100 bytes more", place),
    action("own topic with a state: read it", (index) => orders.state({ orderId: `order ${index}` })),
    action("own topic with a state: list 50", () => orders.list({ limit: 50 })),
  ];
}

function streamActions({ load }: ScaleBench, { port }: Application, jobIds: readonly string[]): Action[] {
  const connect = (name: string, pathOf: (index: number) => string): Action => ({
    name,
    work() {
      const token = signToken("robot", "service");
      const streams = Array.from({ length: times }, (_, index) => ({ path: pathOf(index), token }));
      return load.call("connect", { port, streams, concurrency: callers, firstSeq: 1, numbersIds: false });
    },
  });
  const jobPath = (index: number) => contender.pathOf(jobIds[2 * times + index] ?? "");
  return [
    connect("stream: connect to a job that nobody follows yet", jobPath),
    connect("stream: connect to a job that is followed", () => jobPath(0)),
    connect("session: connect", (index) => {
      const input = JSON.stringify({ json: { requestId: `session-${index}` } });
      return `/trpc/sessions.events?input=${encodeURIComponent(input)}`;
    }),
  ];
}
