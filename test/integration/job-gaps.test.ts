import { formatCursor, parseCursor, type Cursor, type JobStreamEvent } from "@jobwire/shared";
import { assert, expect, test } from "vitest";
import { watchFeed, watchJob, watchWork } from "../support/collect.js";
import { describeOnEachStore, type Caller } from "../support/test-server.js";

const lostEpoch = "0123456789abcdef0123";

function cursorOf(id: string | undefined): Cursor {
  const cursor = parseCursor(id ?? "");
  assert(cursor, "expected a cursor");
  return cursor;
}

async function publishProgress(service: Caller, jobId: string, count: number): Promise<void> {
  for (let percent = 1; percent <= count; percent++) {
    await service.client.jobs.publish.mutate({
      jobId,
      event: { type: "build.progress", stage: "code", percent },
    });
  }
}

function summaryOf(event: JobStreamEvent): string {
  return event.type === "build.progress" ? `progress ${event.percent}` : event.type;
}

describeOnEachStore("gaps", (store) => {
  test("a cursor of a lost log gives log-lost with the job as it is, then the retained events", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({ title: "Shop" });
    await publishProgress(service, jobId, 2);
    const lastEventId = `${lostEpoch}:7`;
    using stream = watchJob(alice.client, { jobId, lastEventId });
    const [gap, next] = await stream.first(4);
    assert(gap?.data.type === "stream.gap");
    const { epoch } = cursorOf(next?.id);
    expect(gap.data).toEqual({
      type: "stream.gap",
      topic: "job",
      jobId,
      timestamp: expect.any(Date),
      reason: "log-lost",
      snapshotAt: stream.ids[3],
      from: lastEventId,
      to: `${epoch}:0`,
      snapshot: await alice.client.jobs.get.query({ jobId }),
    });
    expect(gap.data.snapshot.createdAt).toBeInstanceOf(Date);
    expect(gap.id).toBe(gap.data.to);
    expect(stream.events.map(summaryOf)).toEqual([
      "stream.gap",
      "build.stage.started",
      "progress 1",
      "progress 2",
    ]);
  });

  test("a cursor ahead of the log, as after a restored backup, is log-lost too", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using first = watchJob(alice.client, { jobId });
    const { epoch } = cursorOf((await first.first(1))[0]?.id);
    using ahead = watchJob(alice.client, { jobId, lastEventId: `${epoch}:9` });
    const [gap] = await ahead.first(1);
    expect(gap?.data).toMatchObject({
      type: "stream.gap",
      reason: "log-lost",
      from: `${epoch}:9`,
      to: `${epoch}:1`,
    });
  });

  test("a cursor behind what is retained gives trimmed with exact ends, then the rest", async () => {
    await using server = await store.start({ HISTORY_MAX_EVENTS: "5" });
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    await publishProgress(service, jobId, 9); // offsets 2 to 10, of which 6 to 10 are retained
    using retained = watchJob(alice.client, { jobId });
    const { epoch } = cursorOf((await retained.first(5))[0]?.id);
    const at = (offset: number) => formatCursor({ epoch, offset });
    expect(retained.ids).toEqual([6, 7, 8, 9, 10].map(at));

    for (const lost of [0, 1, 2, 4]) {
      using behind = watchJob(alice.client, { jobId, lastEventId: at(lost) });
      const [gap] = await behind.first(6);
      expect(gap?.data).toMatchObject({ type: "stream.gap", reason: "trimmed", from: at(lost), to: at(5) });
      expect(behind.ids).toEqual([5, 6, 7, 8, 9, 10].map(at));
      expect(behind.events.slice(1).map(summaryOf)).toEqual(
        [5, 6, 7, 8, 9].map((percent) => `progress ${percent}`),
      );
    }
    using justAtTheEdge = watchJob(alice.client, { jobId, lastEventId: at(5) });
    expect((await justAtTheEdge.first(5)).map(({ id }) => id)).toEqual([6, 7, 8, 9, 10].map(at));
  });

  test("a server that has followed the job may still know what the store has dropped, and then has no gap", async () => {
    await using server = await store.start({ HISTORY_MAX_EVENTS: "5" });
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using first = watchJob(alice.client, { jobId });
    const [started] = await first.first(1);
    await publishProgress(service, jobId, 9);
    await first.first(10);
    using resumed = watchJob(alice.client, { jobId, lastEventId: started?.id });
    expect(await resumed.first(9)).toEqual(first.items.slice(1));
  });

  test("a client that comes back after a gap is not told of it again", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using stream = watchJob(alice.client, { jobId, lastEventId: `${lostEpoch}:7` });
    const [gap, started] = await stream.first(2);
    using resumed = watchJob(alice.client, { jobId, lastEventId: gap?.id });
    expect(await resumed.first(1)).toEqual([started]);
  });

  test("types never hides a gap", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using stream = watchJob(alice.client, {
      jobId,
      lastEventId: `${lostEpoch}:7`,
      types: ["snapshot.updated"],
    });
    const [gap] = await stream.first(1);
    expect(gap?.data.type).toBe("stream.gap");
  });

  test("a gap on a finished job is followed by what is retained, and the stream completes", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    using stream = watchJob(alice.client, { jobId, lastEventId: `${lostEpoch}:7` });
    const events = await stream.completed();
    assert(events[0]?.type === "stream.gap");
    expect(events[0].snapshot.status).toBe("failed");
    expect(events.slice(1).map(({ type }) => type)).toEqual([
      "build.stage.started",
      "build.stage.completed",
      "build.stage.started",
    ]);
  });

  test("a gap of the feed carries the caller's jobs, newest first, and nobody else's", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const bob = await server.newUser();
    const older = await alice.client.jobs.create.mutate({ title: "older" });
    await bob.client.jobs.create.mutate({});
    const newer = await alice.client.jobs.create.mutate({ title: "newer" });
    using feed = watchFeed(alice.client, { lastEventId: `${lostEpoch}:7` });
    const [gap] = await feed.first(3);
    assert(gap?.data.type === "stream.gap");
    expect(gap.data).toMatchObject({ reason: "log-lost", snapshot: [newer, older] });
  });

  test("a gap of waiting work says so with nothing else", async () => {
    await using server = await store.start();
    const service = await server.newService();
    using stream = watchWork(service.client, {
      pipeline: `p-${crypto.randomUUID()}`,
      lastEventId: `${lostEpoch}:7`,
    });
    const [gap] = await stream.first(1);
    expect(gap?.data).toMatchObject({ type: "stream.gap", reason: "log-lost", snapshot: null });
  });
});
