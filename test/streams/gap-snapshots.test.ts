import { formatCursor, type JobStreamEvent, type SpoolStreamEvent } from "@jobwire/shared";
import { expect, test, vi } from "vitest";
import type { Principal } from "../../server/src/principal.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import type { EventStream } from "../../server/src/streams/event-stream.js";
import { jobsOn } from "../support/jobs-on.js";
import { spoolsOn, updatesTopic } from "../support/spools-on.js";

const streamCount = 500;
const lostId = "0123456789abcdef0123:9";
const alice: Principal = { userId: "alice", role: "user", expiresAt: new Date(Date.now() + 60_000) };

test("streams of a job that come back together to a lost log share one read of the job", async () => {
  const store = openMemoryStore({ maxEvents: 100 });
  await using opened = jobsOn(store);
  const { service: jobs } = opened;
  const job = await jobs.create(alice, {});
  const readState = vi.spyOn(store, "readState");
  const request = { jobId: job.id, lastEventId: lostId } as const;
  const gaps = await Promise.all(
    Array.from({ length: streamCount }, async () =>
      firstOf<JobStreamEvent>(await jobs.events(alice, request, undefined)),
    ),
  );
  expect(gaps).toHaveLength(streamCount);
  for (const gap of gaps) expect(gap).toMatchObject({ reason: "log-lost", jobId: job.id, snapshot: job });
  // One more to see whether the streams may be opened.
  expect(readState).toHaveBeenCalledTimes(2);
});

test("a snapshot of one job or owner is never that of another", async () => {
  await using opened = jobsOn(openMemoryStore({ maxEvents: 100 }));
  const { service: jobs } = opened;
  const bob: Principal = { ...alice, userId: "bob" };
  const made = [await jobs.create(alice, {}), await jobs.create(alice, {}), await jobs.create(bob, {})];
  const request = { lastEventId: lostId } as const;
  const [one, two, three, hers, his] = await Promise.all([
    ...made.map(async ({ id, ownerId }) =>
      firstOf(await jobs.events({ ...alice, userId: ownerId }, { ...request, jobId: id }, undefined)),
    ),
    firstOf(jobs.feed(alice, request, undefined)),
    firstOf(jobs.feed(bob, request, undefined)),
  ]);
  expect([one, two, three]).toMatchObject(made.map((snapshot) => ({ snapshot })));
  expect(hers).toMatchObject({ snapshot: [{ id: made[1]?.id }, { id: made[0]?.id }] });
  expect(his).toMatchObject({ snapshot: [{ id: made[2]?.id }] });
});

test("streams of the board that come back together to a lost log share one list of it", async () => {
  await using store = openMemoryStore({ maxEvents: 100 });
  const spools = spoolsOn(store);
  for (const tagSpool of ["A", "B", "C"]) await spools.register({ tagSpool });
  const board = await spools.list({});
  const listStates = vi.spyOn(store, "listStates");
  const gaps = await Promise.all(
    Array.from({ length: streamCount }, () =>
      firstOf<SpoolStreamEvent>(spools.updates({ lastEventId: lostId }, undefined)),
    ),
  );
  const { epoch } = (await store.head(updatesTopic)).cursor;
  for (const gap of gaps)
    expect(gap).toMatchObject({ to: formatCursor({ epoch, offset: 0 }), snapshot: board });
  expect(listStates).toHaveBeenCalledTimes(1);
});

async function firstOf<Event extends object>(stream: EventStream<Event>): Promise<Event | undefined> {
  for await (const [, event] of stream) return event;
  return undefined;
}
