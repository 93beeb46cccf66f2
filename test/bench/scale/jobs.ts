import { setTimeout as delay } from "node:timers/promises";
import type { JobwireClient } from "@jobwire/client";
import { formatNumber } from "../report/table.js";
import { signToken } from "../token.js";
import { startApplication, type Application } from "./application.js";
import { Durations } from "./durations.js";
import type { Finding, Part, ScaleBench } from "./finding.js";
import { inParallel } from "./in-parallel.js";
import { ProcedureCalls } from "./procedure-calls.js";

export const jobs: Part = {
  name: "jobs",
  title: "100,000 unfinished jobs of 100 people on one process",
  measure,
};

const few = 1000;
const many = 100_000;
const owners = 100;
/** Created in one call. */
const batch = 10;
const callers = 32;
const asked = 200;
/** A process looks every five seconds what is due. */
const idleSeconds = 10;
const scheduled = 2000;
const cancelled = 5000;
const maxSweepMs = 30_000;

type Trpc = JobwireClient["trpc"];

/** What is asked for with few jobs and with many. */
const questions: Readonly<Record<string, (person: Trpc, service: Trpc) => Promise<unknown>>> = {
  "one's newest 50 jobs": (person) => person.jobs.list.query({ limit: 50 }),
  "everybody's newest 50 of a status": (_, service) =>
    service.jobs.list.query({ all: true, status: ["queued"], limit: 50 }),
  "counts of one's jobs": (person) => person.jobs.counts.query({}),
  "counts of everybody's": (_, service) => service.jobs.counts.query({ all: true }),
};

async function measure(bench: ScaleBench): Promise<Finding> {
  const { redis } = bench;
  await redis.clear();
  await using application = await startApplication(bench);
  using calls = new ProcedureCalls(application.port);
  const tokens = Array.from({ length: owners }, (_, index) => signToken(`owner-${index}`));
  const create = (count: number, from: number) =>
    inParallel(count / batch, callers, (index) => {
      const inputs = Array.from({ length: batch }, (_, offset) => ({
        title: `Job ${from + index * batch + offset}`,
        project: "site",
        metadata: { branch: "main" },
      }));
      return calls.mutateAll("jobs.create", tokens[index % owners] ?? "", inputs);
    });

  const emptyBytes = await redis.usedBytes();
  await create(few, 0);
  const idleBefore = await idleCostOf(bench, application);
  const answersBefore = await answersOf(application);
  const [startedAt, cpuBefore] = [performance.now(), application.cpuUs()];
  await create(many - few, few);
  const createSeconds = (performance.now() - startedAt) / 1000;
  const createUs = (application.cpuUs() - cpuBefore) / (many - few);
  const unfinishedBytes = ((await redis.usedBytes()) - emptyBytes) / many;
  const answersAfter = await answersOf(application);
  const idleAfter = await idleCostOf(bench, application);
  const sweepMs = await sweepOf(application, calls);
  const cancelBytes = await growthByCancelling(bench, application, calls, tokens);

  const service = application.client("robot", "service").trpc;
  const counts = await service.jobs.counts.query({ all: true });
  const missing = many + scheduled - Object.values(counts).reduce((sum, count) => sum + count, 0);
  return {
    tables: [
      [
        [`${formatNumber(many, 0)} jobs`, ""],
        [`created a second, ${batch} in a call`, formatNumber((many - few) / createSeconds, 0)],
        ["CPU of the server for each", `${formatNumber(createUs, 0)} us`],
        ["memory of Redis for each, its place in the feed of its owner included", kilobytes(unfinishedBytes)],
        ["what it takes more once it is cancelled", kilobytes(cancelBytes)],
        [
          `${formatNumber(scheduled, 0)} more whose time comes at once: until all are queued`,
          `${formatNumber(sweepMs, 0)} ms`,
        ],
      ],
      [
        ["asked, median and p99", `of ${formatNumber(few, 0)} jobs`, `of ${formatNumber(many, 0)}`],
        ...Object.keys(questions).map((name) => [name, answersBefore[name] ?? "", answersAfter[name] ?? ""]),
        [
          "idle: commands of Redis a second",
          ...[idleBefore, idleAfter].map(({ commands }) => formatNumber(commands, 0)),
        ],
        [
          "idle: CPU of the server",
          ...[idleBefore, idleAfter].map(({ share }) => `${formatNumber(share * 100, 1)} %`),
        ],
      ],
    ],
    goals: [{ what: "KB of Redis for each unfinished job", value: unfinishedBytes / 1024, atMost: 3 }],
    lost: Math.max(0, missing),
    doubled: Math.max(0, -missing),
  };
}

/** Of each question, as text. */
async function answersOf(application: Application): Promise<Readonly<Record<string, string>>> {
  const person = application.client("owner-0").trpc;
  const service = application.client("robot", "service").trpc;
  const answers: Record<string, string> = {};
  for (const [name, ask] of Object.entries(questions)) {
    const durations = new Durations();
    for (let warmUp = 0; warmUp < asked / 3; warmUp++) await ask(person, service);
    for (let turn = 0; turn < asked; turn++) await durations.time(() => ask(person, service));
    const { p50Ms, p99Ms } = durations.summary();
    answers[name] = `${formatNumber(p50Ms, 1)}, ${formatNumber(p99Ms, 1)} ms`;
  }
  return answers;
}

/** What a server does by itself, in which nothing happens. */
async function idleCostOf({ redis }: ScaleBench, application: Application) {
  const before = { commands: await commandsOf(redis), cpuUs: application.cpuUs() };
  await delay(idleSeconds * 1000);
  return {
    commands: ((await commandsOf(redis)) - before.commands) / idleSeconds,
    share: (application.cpuUs() - before.cpuUs) / 1_000_000 / idleSeconds,
  };
}

/** @returns how long after their time the last of many jobs was queued */
async function sweepOf(application: Application, calls: ProcedureCalls): Promise<number> {
  const token = signToken("planner");
  const planner = application.client("planner").trpc;
  const runAt = new Date(Date.now() + 6000);
  await inParallel(scheduled, callers, () =>
    calls.mutate("jobs.create", token, { runAt: runAt.toISOString() }),
  );
  const givenUpAt = runAt.getTime() + maxSweepMs;
  while (Date.now() < givenUpAt) {
    const { queued } = await planner.jobs.counts.query({});
    if (queued === scheduled) return Date.now() - runAt.getTime();
    await delay(20);
  }
  throw new Error(`Not all of the jobs whose time has come are queued after ${maxSweepMs} ms.`);
}

/** @returns bytes for each */
async function growthByCancelling(
  { redis }: ScaleBench,
  application: Application,
  calls: ProcedureCalls,
  tokens: readonly string[],
): Promise<number> {
  const before = await redis.usedBytes();
  const perOwner = cancelled / owners;
  for (const [owner, token] of tokens.entries()) {
    const person = application.client(`owner-${owner}`).trpc;
    const { items } = await person.jobs.list.query({ status: ["queued"], limit: perOwner });
    await inParallel(items.length, callers, (index) =>
      calls.mutate("jobs.cancel", token, { jobId: items[index]?.id }),
    );
  }
  return ((await redis.usedBytes()) - before) / cancelled;
}

async function commandsOf(redis: ScaleBench["redis"]): Promise<number> {
  return [...(await redis.commandCounts()).values()].reduce((sum, count) => sum + count, 0);
}

function kilobytes(bytes: number): string {
  return `${formatNumber(bytes / 1024, 2)} KB`;
}
