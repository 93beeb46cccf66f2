import { formatCursor, type JobStreamEvent, type SpoolStreamEvent } from "@jobwire/shared";
import { expect, test, vi } from "vitest";
import { JobService } from "../../server/src/jobs/job-service.js";
import { JobStore } from "../../server/src/jobs/job-store.js";
import { JobStreams } from "../../server/src/jobs/job-streams.js";
import { WorkQueue } from "../../server/src/jobs/work-queue.js";
import type { Principal } from "../../server/src/principal.js";
import { SpoolService } from "../../server/src/spools/spool-service.js";
import { SpoolStore, updatesTopic } from "../../server/src/spools/spool-store.js";
import { SpoolStreams } from "../../server/src/spools/spool-streams.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import type { EventStream } from "../../server/src/streams/event-stream.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { noDamage } from "../support/no-damage.js";

const streamCount = 500;
const lostId = "0123456789abcdef0123:9";
const ignore = () => {};

test("streams of a job that come back together to a lost log share one read of the job", async () => {
  await using store = openMemoryStore({ maxEvents: 100 });
  await using hubs = new TopicHubs(store, ignore);
  const { jobs, alice } = jobsOn(store);
  const streams = new JobStreams(hubs, jobs);
  const job = await jobs.create(alice, {});
  const readState = vi.spyOn(store, "readState");
  const request = { jobId: job.id, replay: "all", lastEventId: lostId } as const;
  const gaps = await Promise.all(
    Array.from({ length: streamCount }, async () =>
      firstOf<JobStreamEvent>(await streams.ofJob(alice, request)),
    ),
  );
  expect(gaps).toHaveLength(streamCount);
  for (const gap of gaps) expect(gap).toMatchObject({ reason: "log-lost", jobId: job.id, snapshot: job });
  // One more to see whether the streams may be opened.
  expect(readState).toHaveBeenCalledTimes(2);
});

test("a snapshot of one job or owner is never that of another", async () => {
  await using store = openMemoryStore({ maxEvents: 100 });
  await using hubs = new TopicHubs(store, ignore);
  const { jobs, alice } = jobsOn(store);
  const bob: Principal = { ...alice, userId: "bob" };
  const streams = new JobStreams(hubs, jobs);
  const made = await Promise.all([jobs.create(alice, {}), jobs.create(alice, {}), jobs.create(bob, {})]);
  const request = { replay: "all", lastEventId: lostId } as const;
  const [one, two, three, hers, his] = await Promise.all([
    ...made.map(async ({ id, ownerId }) =>
      firstOf(await streams.ofJob({ ...alice, userId: ownerId }, { ...request, jobId: id })),
    ),
    firstOf(streams.ofOwner(alice, request)),
    firstOf(streams.ofOwner(bob, request)),
  ]);
  expect([one, two, three]).toMatchObject(made.map((snapshot) => ({ snapshot })));
  expect(hers).toMatchObject({ snapshot: [{ id: made[1]?.id }, { id: made[0]?.id }] });
  expect(his).toMatchObject({ snapshot: [{ id: made[2]?.id }] });
});

test("streams of the board that come back together to a lost log share one list of it", async () => {
  await using store = openMemoryStore({ maxEvents: 100 });
  await using hubs = new TopicHubs(store, ignore);
  const spools = new SpoolService(new SpoolStore(store, noDamage), ignore);
  const streams = new SpoolStreams(hubs, spools);
  for (const tagSpool of ["A", "B", "C"]) await spools.register({ tagSpool });
  const board = await spools.list({});
  const listStates = vi.spyOn(store, "listStates");
  const gaps = await Promise.all(
    Array.from({ length: streamCount }, () =>
      firstOf<SpoolStreamEvent>(streams.updates({ lastEventId: lostId })),
    ),
  );
  const { epoch } = (await store.head(updatesTopic)).cursor;
  for (const gap of gaps)
    expect(gap).toMatchObject({ to: formatCursor({ epoch, offset: 0 }), snapshot: board });
  expect(listStates).toHaveBeenCalledTimes(1);
});

function jobsOn(store: ReturnType<typeof openMemoryStore>) {
  const jobStore = new JobStore({ store, retainFinishedMs: 60_000, damaged: noDamage, onError: ignore });
  const alice: Principal = { userId: "alice", role: "user", expiresAt: new Date(Date.now() + 60_000) };
  return { jobs: new JobService(jobStore, new WorkQueue(store, ignore)), alice };
}

async function firstOf<Event extends object>(stream: EventStream<Event>): Promise<Event | undefined> {
  for await (const [, event] of stream) return event;
  return undefined;
}
