import type { JobStreamEvent } from "@jobwire/shared";
import { expect, test } from "vitest";
import { watchJob, type Collected } from "../support/collect.js";
import { errorOfFrame, openRawStream } from "../support/raw-http.js";
import { describeRefusal } from "../support/test-client.js";
import { describeOnEachStore, type Caller, type TestServer } from "../support/test-server.js";

interface Build {
  readonly jobId: string;
  readonly alice: Caller;
  readonly service: Caller;
}

/** A job with some progress: offsets 1 to `events` are taken. */
async function startBuild(server: TestServer, events: number): Promise<Build> {
  const alice = await server.newUser();
  const service = await server.newService();
  const { id: jobId } = await alice.client.jobs.create.mutate({});
  const build = { jobId, alice, service };
  for (let offset = 2; offset <= events; offset++) await progress(build, offset % 101);
  return build;
}

function progress({ service, jobId }: Build, percent: number): Promise<unknown> {
  return service.client.jobs.publish.mutate({
    jobId,
    event: { type: "build.progress", stage: "code", percent },
  });
}

function percentsOf(events: readonly JobStreamEvent[]): number[] {
  return events.flatMap((event) => (event.type === "build.progress" ? [event.percent] : []));
}

describeOnEachStore("resuming a job's stream", (store) => {
  test("a second connection with the Last-Event-ID header gets exactly the rest", async () => {
    await using server = await store.start();
    const build = await startBuild(server, 6);
    using first = watchJob(build.alice.client, { jobId: build.jobId });
    const [, , third] = await first.first(6);
    await build.service.client.jobs.transition.mutate({ jobId: build.jobId, to: "failed" });
    await first.completed();

    await using second = await openRawStream(server.url, "jobs.events", {
      token: build.alice.token,
      input: { jobId: build.jobId },
      headers: { "last-event-id": third?.id ?? "" },
    });
    expect(await second.ended()).toBeUndefined();
    const ids = second.frames.flatMap(({ id }) => id ?? []);
    expect(ids).toEqual(first.ids.slice(3));
  });

  test("a second connection with lastEventId in the input gets exactly the rest, retained and live", async () => {
    await using server = await store.start();
    const build = await startBuild(server, 4);
    using first = watchJob(build.alice.client, { jobId: build.jobId });
    const [, second] = await first.first(4);
    first.unsubscribe();

    using resumed = watchJob(build.alice.client, { jobId: build.jobId, lastEventId: second?.id });
    await resumed.first(2);
    await progress(build, 5);
    await build.service.client.jobs.transition.mutate({ jobId: build.jobId, to: "failed" });
    const events = await resumed.completed();
    expect(percentsOf(events)).toEqual([3, 4, 5]);
    expect(resumed.ids.map((id) => id.split(":")[1])).toEqual(["3", "4", "5", "6", "7"]);
  });

  test("every cursor of a long log continues right after it", async () => {
    await using server = await store.start();
    const build = await startBuild(server, 300);
    await build.service.client.jobs.transition.mutate({ jobId: build.jobId, to: "failed" });
    using whole = watchJob(build.alice.client, { jobId: build.jobId });
    await whole.completed();
    expect(whole.ids).toHaveLength(302);
    for (const after of [1, 2, 44, 45, 46, 255, 256, 257, 300, 301]) {
      using rest = watchJob(build.service.client, { jobId: build.jobId, lastEventId: whole.ids[after - 1] });
      await rest.completed();
      expect(rest.ids).toEqual(whole.ids.slice(after));
    }
  });

  test("the header wins over an older lastEventId in the input, as after a native reconnect", async () => {
    await using server = await store.start();
    const build = await startBuild(server, 4);
    using first = watchJob(build.alice.client, { jobId: build.jobId });
    const items = await first.first(4);
    await using reconnected = await openRawStream(server.url, "jobs.events", {
      token: build.alice.token,
      input: { jobId: build.jobId, lastEventId: items[0]?.id },
      headers: { "last-event-id": items[2]?.id ?? "" },
    });
    const frame = await reconnected.until(({ id }) => id !== undefined);
    expect(frame.id).toBe(items[3]?.id);
  });

  test("a cursor after the terminal event completes with nothing", async () => {
    await using server = await store.start();
    const build = await startBuild(server, 1);
    await build.service.client.jobs.transition.mutate({ jobId: build.jobId, to: "failed" });
    using whole = watchJob(build.alice.client, { jobId: build.jobId });
    await whole.completed();
    using after = watchJob(build.alice.client, { jobId: build.jobId, lastEventId: whole.ids.at(-1) });
    expect(await after.completed()).toEqual([]);
  });

  test("an empty lastEventId is that of a client which has received nothing", async () => {
    await using server = await store.start();
    const build = await startBuild(server, 2);
    using stream = watchJob(build.alice.client, { jobId: build.jobId, lastEventId: "" });
    await stream.first(2);
    expect(stream.events[0]).toMatchObject({ type: "build.stage.started", stage: "queued" });
  });

  test("types lets only these through, and the stream still completes", async () => {
    await using server = await store.start();
    const build = await startBuild(server, 3);
    using stream = watchJob(build.alice.client, { jobId: build.jobId, types: ["build.progress"] });
    await stream.first(2);
    await build.service.client.jobs.publish.mutate({
      jobId: build.jobId,
      event: { type: "snapshot.updated", url: "https://pictures.example/1.png" },
    });
    await progress(build, 4);
    await build.service.client.jobs.transition.mutate({ jobId: build.jobId, to: "failed" });
    const events = await stream.completed();
    expect(events.map(({ type }) => type)).toEqual(["build.progress", "build.progress", "build.progress"]);
    expect(percentsOf(events)).toEqual([2, 3, 4]);
  });

  test('replay "none" gives only what is new', async () => {
    await using server = await store.start();
    const build = await startBuild(server, 5);
    using stream = watchJob(build.alice.client, { jobId: build.jobId, replay: "none" });
    await stream.connected();
    await progress(build, 77);
    await build.service.client.jobs.transition.mutate({ jobId: build.jobId, to: "failed" });
    const events = await stream.completed();
    expect(percentsOf(events)).toEqual([77]);
    expect(events.map(({ type }) => type)).toEqual([
      "build.progress",
      "build.stage.completed",
      "build.stage.started",
    ]);
  });

  test('replay "none" on a finished job completes with nothing', async () => {
    await using server = await store.start();
    const build = await startBuild(server, 2);
    await build.service.client.jobs.transition.mutate({ jobId: build.jobId, to: "failed" });
    using stream = watchJob(build.alice.client, { jobId: build.jobId, replay: "none" });
    expect(await stream.completed()).toEqual([]);
  });

  test('a cursor has precedence over replay "none"', async () => {
    await using server = await store.start();
    const build = await startBuild(server, 3);
    using first = watchJob(build.alice.client, { jobId: build.jobId });
    const [one] = await first.first(1);
    using resumed = watchJob(build.alice.client, {
      jobId: build.jobId,
      replay: "none",
      lastEventId: one?.id,
    });
    await resumed.first(2);
    expect(percentsOf(resumed.events)).toEqual([2, 3]);
  });

  test("events published while streams attach arrive once each, in order", async () => {
    await using server = await store.start();
    const build = await startBuild(server, 1);
    const streams: Collected<JobStreamEvent>[] = [];
    for (let percent = 1; percent <= 60; percent++) {
      streams.push(watchJob(build.alice.client, { jobId: build.jobId }));
      await progress(build, percent);
    }
    await build.service.client.jobs.transition.mutate({ jobId: build.jobId, to: "failed" });
    for (const stream of streams) {
      await stream.completed();
      expect(stream.ids.map((id) => Number(id.split(":")[1]))).toEqual(
        stream.ids.map((_, index) => index + 1),
      );
      expect(stream.ids).toHaveLength(63);
    }
  });

  test("a lastEventId that is no cursor is BAD_REQUEST, in the input and in the header", async () => {
    await using server = await store.start();
    const { alice, jobId } = await startBuild(server, 1);
    for (const lastEventId of [
      "nonsense",
      "abc",
      ":1",
      "abc:",
      "abc:-1",
      "abc:1.5",
      "ABC:1",
      "abc:01",
      "abc:1 ",
      "x".repeat(129),
    ]) {
      using stream = watchJob(alice.client, { jobId, lastEventId });
      expect(describeRefusal(await stream.error()), lastEventId).toMatchObject({
        code: "BAD_REQUEST",
        message: expect.stringContaining("lastEventId"),
      });
    }
    const headers = { "last-event-id": "42" };
    await using fromHeader = await openRawStream(server.url, "jobs.events", {
      token: alice.token,
      input: { jobId },
      headers,
    });
    const { data } = errorOfFrame(await fromHeader.until(({ event }) => event === "serialized-error"));
    expect(data).toMatchObject({ code: "BAD_REQUEST", reason: "CURSOR_INVALID" });
  });
});
