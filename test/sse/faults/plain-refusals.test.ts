import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { freePort } from "../../support/redis-server.js";
import { startTestServer, testSecret, type Caller, type TestServer } from "../../support/test-server.js";
import { RawSocket } from "../support/raw-socket.js";
import { fetchText, openStream } from "../support/wire-stream.js";

/** What plain SSE answers instead of a stream: a real status and JSON, before anything has started. */

interface Refusal {
  readonly error: { readonly code: string; readonly reason?: string; readonly message: string };
}

function streamUrl(server: TestServer, jobId: string, query = ""): string {
  return `${server.url}/api/jobs/${jobId}/events/stream${query}`;
}

const bearer = ({ token }: Pick<Caller, "token">) => ({ authorization: `Bearer ${token}` });

async function refusalOf(url: string, headers: Record<string, string> = {}) {
  const answer = await fetchText(url, { headers });
  const { error } = JSON.parse(answer.text) as Refusal;
  return { status: answer.status, headers: answer.headers, ...error };
}

async function startJob(server: TestServer) {
  const owner = await server.newUser();
  const { id } = await owner.client.jobs.create.mutate({});
  return { owner, jobId: id };
}

describe("plain SSE refuses with a status and JSON", () => {
  test("401 without a token, with a wrong one and with one that has expired", async () => {
    await using server = await startTestServer();
    const { jobId } = await startJob(server);
    const expired = await new SignJWT({ role: "user" })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject("alice")
      .setExpirationTime(new Date(Date.now() - 60_000))
      .sign(new TextEncoder().encode(testSecret));
    for (const [reason, headers] of [
      ["TOKEN_MISSING", {}],
      ["TOKEN_INVALID", { authorization: "Bearer nonsense" }],
      ["TOKEN_EXPIRED", { authorization: `Bearer ${expired}` }],
    ] as const) {
      const refusal = await refusalOf(streamUrl(server, jobId), headers);
      expect(refusal).toMatchObject({ status: 401, code: "UNAUTHORIZED", reason });
      expect(refusal.headers["content-type"]).toMatch(/^application\/json/);
    }
  });

  test.each([
    ["an id this server never gave", "?lastEventId=nonsense", "CURSOR_INVALID"],
    ["an id with a question mark in it", "?lastEventId=a:1?b", "CURSOR_INVALID"],
    ["an id of other scripts", `?lastEventId=${encodeURIComponent("日本:1")}`, "CURSOR_INVALID"],
    ["an unknown type", "?types=build.progress,nonsense", "INPUT_INVALID"],
    ["no type at all", "?types=", "INPUT_INVALID"],
    ["an unknown replay", "?replay=some", "INPUT_INVALID"],
  ])("400 for %s", async (_, query, reason) => {
    await using server = await startTestServer();
    const { owner, jobId } = await startJob(server);
    expect(await refusalOf(streamUrl(server, jobId, query), bearer(owner))).toMatchObject({
      status: 400,
      code: "BAD_REQUEST",
      reason,
    });
  });

  test.each(["nonsense", "日本:1", "é:1", "a%3A1"])(
    "400 for a Last-Event-ID this server never gave: %s",
    async (id) => {
      await using server = await startTestServer();
      const { owner, jobId } = await startJob(server);
      const headers = { ...bearer(owner), "last-event-id": Buffer.from(id).toString("latin1") };
      expect(await refusalOf(streamUrl(server, jobId), headers)).toMatchObject({ status: 400 });
    },
  );

  test("404 for an unknown job and for somebody else's, in the same words", async () => {
    await using server = await startTestServer();
    const { jobId } = await startJob(server);
    const stranger = await server.newUser();
    const foreign = await refusalOf(streamUrl(server, jobId), bearer(stranger));
    const unknown = await refusalOf(streamUrl(server, `${jobId.slice(0, -1)}0`), bearer(stranger));
    const refusal = { status: 404, code: "NOT_FOUND", reason: "JOB_NOT_FOUND" };
    expect(foreign).toMatchObject(refusal);
    expect(unknown).toMatchObject(refusal);
    expect(unknown.message.replace(/[\w-]{20,}/g, "…")).toBe(foreign.message.replace(/[\w-]{20,}/g, "…"));
  });

  test("429 with Retry-After, per user and per process, and the slot is free again afterwards", async () => {
    await using server = await startTestServer({
      SSE_MAX_CONNECTIONS_PER_USER: "1",
      SSE_MAX_CONNECTIONS: "2",
    });
    const { owner, jobId } = await startJob(server);
    using mine = await openStream(streamUrl(server, jobId), { headers: bearer(owner) });
    expect(mine.status).toBe(200);
    const perUser = await refusalOf(streamUrl(server, jobId), bearer(owner));
    expect(perUser).toMatchObject({ status: 429, code: "TOO_MANY_REQUESTS" });
    expect(perUser.headers["retry-after"]).toMatch(/^[1-9]\d*$/);

    const other = await startJob(server);
    using theirs = await openStream(streamUrl(server, other.jobId), { headers: bearer(other.owner) });
    expect(theirs.status).toBe(200);
    const third = await startJob(server);
    const perProcess = await refusalOf(streamUrl(server, third.jobId), bearer(third.owner));
    expect(perProcess).toMatchObject({ status: 429, code: "TOO_MANY_REQUESTS" });
    expect(perProcess.headers["retry-after"]).toMatch(/^[1-9]\d*$/);

    mine.leave();
    await expect
      .poll(async () => {
        using again = await openStream(streamUrl(server, jobId), { headers: bearer(owner) });
        return again.status;
      })
      .toBe(200);
  });

  test("503 with Retry-After within two seconds when the store is away", { timeout: 15_000 }, async () => {
    await using server = await startTestServer({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    const owner = await server.newUser();
    const start = performance.now();
    const refusal = await refusalOf(streamUrl(server, "0190a0a0-0000-7000-8000-000000000000"), bearer(owner));
    expect(performance.now() - start).toBeLessThan(2500);
    expect(refusal).toMatchObject({ status: 503, code: "SERVICE_UNAVAILABLE", reason: "STORE_UNAVAILABLE" });
    expect(refusal.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  });

  test(
    "503 while the server drains; those that are open are closed without complete",
    { timeout: 15_000 },
    async () => {
      const server = await startTestServer({ DRAIN_MS: "1500" });
      const { owner, jobId } = await startJob(server);
      const open = () => openStream(streamUrl(server, jobId), { headers: bearer(owner) });
      const streams = await Promise.all(Array.from({ length: 60 }, open));
      await Promise.all(streams.map((stream) => stream.first(1)));
      const closing = server[Symbol.asyncDispose]();
      const refusal = await refusalOf(streamUrl(server, jobId), bearer(owner));
      expect(refusal).toMatchObject({ status: 503, code: "SERVICE_UNAVAILABLE", reason: "SHUTTING_DOWN" });
      expect(refusal.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
      for (const stream of streams) {
        expect(await stream.ended()).toBeUndefined();
        expect(stream.frames.map(({ event }) => event)).not.toContain("complete");
        expect(stream.retries).toHaveLength(2);
      }
      await closing;
    },
  );
});

describe("plain SSE and unusual requests", () => {
  test("HEAD says what GET would, has no body and does not hang", async () => {
    await using server = await startTestServer();
    const { owner, jobId } = await startJob(server);
    const { hostname, port } = new URL(server.url);
    using socket = await RawSocket.open(Number(port));
    const head = `HEAD /api/jobs/${jobId}/events/stream HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${owner.token}\r\n\r\n`;
    // The second request is answered only when the first is over, and can be read only when that had no body.
    socket.write(`${head}GET /healthz HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
    const text = await socket.closed();
    expect(text).toMatch(/^HTTP\/1\.1 (200|204|404|405) [^]*?\r\n\r\nHTTP\/1\.1 200 OK[^]*"status":"ok"/);
  });

  test("other methods are refused", async () => {
    await using server = await startTestServer();
    const { owner, jobId } = await startJob(server);
    for (const method of ["POST", "PUT", "DELETE"]) {
      const { status } = await fetchText(streamUrl(server, jobId), { method, headers: bearer(owner) });
      expect([404, 405]).toContain(status);
    }
  });

  test.each([
    ["an absolute URL", (path: string) => `http://127.0.0.1${path}`],
    ["a slash at the end", (path: string) => path.replace("?", "/?")],
    ["a fragment", (path: string) => path.replace("?", "#?")],
    ["an encoded dot", (path: string) => path.replace("jobs.events", "jobs%2Eevents")],
    ["doubled slashes", (path: string) => path.replace("/trpc/", "//trpc//")],
  ])("no spelling of /trpc gets around the limits of streams: %s", async (_, spell) => {
    await using server = await startTestServer({ SSE_MAX_CONNECTIONS: "1" });
    const { owner, jobId } = await startJob(server);
    using first = await openStream(streamUrl(server, jobId), { headers: bearer(owner) });
    await first.first(1);
    const path = `/trpc/jobs.events?input=${encodeURIComponent(JSON.stringify({ json: { jobId } }))}`;
    using socket = await RawSocket.open(Number(new URL(server.url).port));
    socket.write(`GET ${spell(path)} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${owner.token}\r\n\r\n`);
    expect((await socket.until(/^HTTP\/1\.1 (\d+)/))[1]).toMatch(/^4(29|04|00)$/);
  });
});
