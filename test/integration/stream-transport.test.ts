import { setImmediate as nextTick } from "node:timers/promises";
import { expect, test } from "vitest";
import { decodeFrame, openRawStream, type RawStream } from "../support/raw-http.js";
import { describeOnEachStore, type Caller, type TestServer } from "../support/test-server.js";

const heartbeatMs = 50;

function isPing(frame: { readonly event?: string | undefined }): boolean {
  return frame.event === "ping";
}

async function startJob(server: TestServer) {
  const owner = await server.newUser();
  const service = await server.newService();
  const { id: jobId } = await owner.client.jobs.create.mutate({});
  return { owner, service, jobId };
}

function openJob(server: TestServer, { token }: Caller, jobId: string): Promise<RawStream> {
  return openRawStream(server.url, "jobs.events", { token, input: { jobId } });
}

function publishProgress({ client }: Caller, jobId: string, percent: number): Promise<unknown> {
  return client.jobs.publish.mutate({ jobId, event: { type: "build.progress", stage: "code", percent } });
}

describeOnEachStore("streams on the wire", (store) => {
  test("the response says that nobody on the way may buffer, store or transform it", async () => {
    await using server = await store.start();
    const { owner, jobId } = await startJob(server);
    await using stream = await openJob(server, owner, jobId);
    expect(stream.status).toBe(200);
    expect(stream.headers.get("content-type")).toMatch(/^text\/event-stream\b/);
    expect(stream.headers.get("cache-control")).toBe("no-cache, no-transform");
    expect(stream.headers.get("x-accel-buffering")).toBe("no");
  });

  test("connected comes first and tells the client to come back after three missed heartbeats", async () => {
    await using server = await store.start({ SSE_HEARTBEAT_MS: "15000" });
    const { owner, jobId } = await startJob(server);
    await using stream = await openJob(server, owner, jobId);
    await stream.until(({ id }) => id !== undefined);
    expect(stream.frames[0]).toMatchObject({ event: "connected" });
    expect(JSON.parse(stream.frames[0]?.data ?? "")).toEqual({ reconnectAfterInactivityMs: 45_000 });
  });

  test("every event is one frame with an id, and its text has no line break inside", async () => {
    await using server = await store.start();
    const { owner, service, jobId } = await startJob(server);
    const markdown = "# Title\n\r\n\rdata: x\nid: 7\nevent: return\n\n: comment\n";
    const event = { type: "documentation.updated", section: "s", title: "t", markdown } as const;
    await service.client.jobs.publish.mutate({ jobId, event });
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    await using stream = await openJob(server, owner, jobId);
    await stream.ended();
    expect(stream.frames).toHaveLength(6);
    const [, ...events] = stream.frames.slice(0, -1);
    for (const frame of events) {
      expect(frame.id).toMatch(/^[0-9a-z]+:\d+$/);
      expect(frame.event).toBeUndefined();
      expect(frame.data).not.toMatch(/[\n\r]/);
    }
    expect(decodeFrame(events[1] ?? {})).toMatchObject({ markdown });
  });

  test("an idle stream gets heartbeats", async () => {
    await using server = await store.start({ SSE_HEARTBEAT_MS: String(heartbeatMs) });
    const { owner, jobId } = await startJob(server);
    await using stream = await openJob(server, owner, jobId);
    await stream.until((frame) => isPing(frame) && stream.frames.filter(isPing).length >= 3);
    const pings = stream.frames.filter(isPing);
    for (const ping of pings) expect(ping).toEqual({ event: "ping", id: undefined, data: "" });
  });

  test("a busy stream gets no heartbeats, and gets them again when it is idle", async () => {
    await using server = await store.start({ SSE_HEARTBEAT_MS: String(heartbeatMs) });
    const { owner, service, jobId } = await startJob(server);
    await using stream = await openJob(server, owner, jobId);
    await stream.until(({ id }) => id !== undefined);
    const busyMs = 20 * heartbeatMs;
    const start = performance.now();
    let published = 1;
    while (performance.now() - start < busyMs) {
      await publishProgress(service, jobId, published % 101);
      published += 1;
    }
    const last = await stream.until(({ id }) => id?.endsWith(`:${published}`) ?? false);
    const busyFrames = stream.frames.slice(0, stream.frames.indexOf(last));
    // A heartbeat that does not look at the traffic would be here about twenty times; a stall of this machine a few.
    expect(busyFrames.filter(isPing).length).toBeLessThan(8);
    await stream.until(
      (frame) => isPing(frame) && stream.frames.indexOf(frame) > stream.frames.indexOf(last),
    );
  });

  test("closing the server ends open streams at once, without saying that they are complete", async () => {
    const server = await store.start();
    const { owner, jobId } = await startJob(server);
    await using stream = await openJob(server, owner, jobId);
    await stream.until(({ id }) => id !== undefined);
    await server[Symbol.asyncDispose]();
    await stream.ended();
    expect(stream.frames.map(({ event }) => event)).not.toContain("return");
  });

  test("fifty clients that go away at once disturb nobody who stays", async () => {
    await using server = await store.start();
    const { owner, service, jobId } = await startJob(server);
    const leaving = await Promise.all(Array.from({ length: 50 }, () => openJob(server, owner, jobId)));
    await using staying = await openJob(server, owner, jobId);
    for (const stream of leaving) stream.disconnect();
    for (let percent = 1; percent <= 20; percent++) {
      await publishProgress(service, jobId, percent);
      await nextTick();
    }
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    expect(await staying.ended()).toBeUndefined();
    const ids = staying.frames.flatMap(({ id }) => id?.split(":")[1] ?? []);
    expect(ids).toEqual(Array.from({ length: 23 }, (_, index) => String(index + 1)));
  });
});
