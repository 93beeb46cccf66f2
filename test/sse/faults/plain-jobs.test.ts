import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { watchJob } from "../../support/collect.js";
import { startTestServer, testSecret, type Caller, type TestServer } from "../../support/test-server.js";
import { kindsOf, valuesOf } from "../support/frames.js";
import { openStream, readStream, send, type WireFrame } from "../support/wire-stream.js";

/** Plain SSE of a job: the same events as over tRPC, as plain JSON. */

function streamUrl(server: TestServer, jobId: string, query = ""): string {
  return `${server.url}/api/jobs/${jobId}/events/stream${query}`;
}

const bearer = ({ token }: Pick<Caller, "token">) => ({ authorization: `Bearer ${token}` });

async function startJob(server: TestServer) {
  const owner = await server.newUser();
  const service = await server.newService();
  const { id: jobId } = await owner.client.jobs.create.mutate({});
  const open = (query = "", headers: Record<string, string> = {}) =>
    openStream(streamUrl(server, jobId, query), { headers: { ...bearer(owner), ...headers } });
  const publish = (percent: number) =>
    service.client.jobs.publish.mutate({
      jobId,
      event: { type: "build.progress", stage: "queued", percent },
    });
  const finish = () => service.client.jobs.transition.mutate({ jobId, to: "failed", message: "over" });
  return { owner, service, jobId, open, publish, finish };
}

function idsOf(frames: readonly WireFrame[]): string[] {
  return frames.flatMap(({ id }) => id ?? []);
}

test("the same events with the same ids as over tRPC, as plain JSON, then complete", async () => {
  await using server = await startTestServer();
  const { owner, service, jobId, open, publish, finish } = await startJob(server);
  using live = await open();
  using overTrpc = watchJob(owner.client, { jobId });
  await overTrpc.connected();
  const markdown = "é ☃ 🏗️\n\r\n\u2028 data: x\n\nid: 7";
  await publish(50);
  await service.client.jobs.publish.mutate({
    jobId,
    event: { type: "documentation.updated", section: "s", title: "t", markdown },
  });
  await finish();
  const events = await overTrpc.completed();
  const frames = await live.completed();
  expect(kindsOf(frames)).toEqual([...events.map(() => "data"), "complete"]);
  expect(valuesOf(frames)).toEqual(JSON.parse(JSON.stringify(events)));
  expect(idsOf(frames)).toEqual(overTrpc.ids);
  expect(frames.at(-1)).toEqual({ event: "complete", data: "{}" });
  expect(live.headers).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
  // What is replayed reads as what was live.
  expect(await readStream(streamUrl(server, jobId), { headers: bearer(owner) })).toEqual(frames);
});

test("a heartbeat is an event of its own with an empty object", async () => {
  await using server = await startTestServer({ SSE_HEARTBEAT_MS: "40" });
  const { open } = await startJob(server);
  using stream = await open();
  const frames = await stream.first(4);
  expect(frames.slice(1)).toEqual(Array.from({ length: 3 }, () => ({ event: "heartbeat", data: "{}" })));
});

test("who comes back after the end is told to stay away: 204", async () => {
  await using server = await startTestServer();
  const { owner, jobId, open, finish } = await startJob(server);
  using stream = await open();
  await finish();
  const frames = await stream.completed();
  const headers = { ...bearer(owner), "last-event-id": idsOf(frames).at(-1) ?? "" };
  const { response } = await send(streamUrl(server, jobId), { headers });
  expect(response.statusCode).toBe(204);
  response.resume();
});

test("Last-Event-ID and lastEventId continue right after it", async () => {
  await using server = await startTestServer();
  const { owner, jobId, publish, finish } = await startJob(server);
  for (const percent of [10, 20, 30]) await publish(percent);
  await finish();
  const whole = await readStream(streamUrl(server, jobId), { headers: bearer(owner) });
  for (const [at, id] of idsOf(whole).slice(0, -1).entries()) {
    const byHeader = await readStream(streamUrl(server, jobId), {
      headers: { ...bearer(owner), "last-event-id": id },
    });
    const byQuery = await readStream(streamUrl(server, jobId, `?lastEventId=${id}`), {
      headers: bearer(owner),
    });
    expect(byHeader).toEqual(whole.slice(at + 1));
    expect(byQuery).toEqual(whole.slice(at + 1));
  }
});

test("an empty Last-Event-ID is none, and does not hide the query", async () => {
  await using server = await startTestServer();
  const { owner, jobId, finish } = await startJob(server);
  await finish();
  const whole = await readStream(streamUrl(server, jobId), { headers: bearer(owner) });
  const headers = { ...bearer(owner), "last-event-id": "" };
  expect(await readStream(streamUrl(server, jobId), { headers })).toEqual(whole);
  const [first] = idsOf(whole);
  const query = `?lastEventId=${first}`;
  expect(await readStream(streamUrl(server, jobId, query), { headers })).toEqual(whole.slice(1));
});

test("replay=none starts after what there is, types is a list with commas", async () => {
  await using server = await startTestServer();
  const { open, publish, finish } = await startJob(server);
  await publish(10);
  using fresh = await open("?replay=none");
  using filtered = await open("?types=build.progress,snapshot.updated");
  await filtered.first(1);
  await publish(20);
  await finish();
  const kinds = (frames: readonly WireFrame[]) =>
    valuesOf(frames).map((event) => (event as { type: string }).type);
  expect(kinds(await fresh.completed()).slice(0, 2)).toEqual(["build.progress", "build.stage.completed"]);
  expect(kindsOf(await filtered.completed())).toEqual(["data", "data", "complete"]);
  expect(kinds(filtered.frames.slice(0, 2))).toEqual(["build.progress", "build.progress"]);
});

test("a gap is said in plain JSON, with the state of now", async () => {
  await using server = await startTestServer({ HISTORY_MAX_EVENTS: "5" });
  const { jobId, open, publish, finish } = await startJob(server);
  for (let percent = 1; percent <= 20; percent++) await publish(percent);
  using retained = await open();
  const [oldest] = await retained.first(1);
  const from = `${oldest?.id?.split(":")[0]}:1`;
  using late = await open("", { "last-event-id": from });
  await finish();
  const frames = await late.completed();
  const [gap, ...rest] = valuesOf(frames) as { type: string }[];
  expect(gap).toMatchObject({ type: "stream.gap", reason: "trimmed", from, jobId, snapshot: { id: jobId } });
  expect(gap).toMatchObject({ to: frames[0]?.id, timestamp: expect.stringMatching(/^\d{4}-.*Z$/) });
  expect(rest.some(({ type }) => type === "stream.gap")).toBe(false);
});

test("the cookie is as good as the header", async () => {
  await using server = await startTestServer();
  const { owner, jobId } = await startJob(server);
  using stream = await openStream(streamUrl(server, jobId), {
    headers: { cookie: `jobwire_token=${owner.token}` },
  });
  expect(stream.status).toBe(200);
  await stream.first(1);
});

test(
  "a token that runs out ends the stream without complete; with a fresh one it goes on",
  { timeout: 15_000 },
  async () => {
    await using server = await startTestServer();
    const { owner, jobId, publish, finish } = await startJob(server);
    // Whole seconds: that is what a JWT can say.
    const expiresAt = new Date(Math.ceil(Date.now() / 1000 + 1) * 1000);
    const brief = await new SignJWT({ role: "user" })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(owner.sub)
      .setExpirationTime(expiresAt)
      .sign(new TextEncoder().encode(testSecret));
    using stream = await openStream(streamUrl(server, jobId), { headers: bearer({ token: brief }) });
    await publish(10);
    const frames = await stream.completed();
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt.getTime());
    expect(kindsOf(frames)).toEqual(["data", "data"]);
    await publish(20);
    await finish();
    const headers = { ...bearer(owner), "last-event-id": idsOf(frames).at(-1) ?? "" };
    const rest = await readStream(streamUrl(server, jobId), { headers });
    const whole = await readStream(streamUrl(server, jobId), { headers: bearer(owner) });
    expect([...frames, ...rest]).toEqual(whole);
  },
);
