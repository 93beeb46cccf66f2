import superjson from "superjson";
import { describe, expect, test } from "vitest";
import { callRaw, errorOf, type RawAnswer } from "../support/raw-http.js";
import { startTestServer, type TestServer } from "../support/test-server.js";
import { fetchText, openStream } from "../sse/support/wire-stream.js";

function list(server: TestServer, token?: string): Promise<RawAnswer> {
  return callRaw(server.url, "jobs.list", { method: "GET", ...(token !== undefined && { token }) });
}

async function statusesOf(count: number, call: () => Promise<RawAnswer>): Promise<number[]> {
  const statuses: number[] = [];
  for (let made = 0; made < count; made++) statuses.push((await call()).status);
  return statuses;
}

describe("calls a minute", () => {
  test("of one user are limited: one more is 429 in tRPC's shape and says when to try again", async () => {
    await using server = await startTestServer({ CALLS_PER_MINUTE_PER_USER: "3" });
    const alice = await server.newUser();
    expect(await statusesOf(3, () => list(server, alice.token))).toEqual([200, 200, 200]);
    const refused = await list(server, alice.token);
    expect(refused.status).toBe(429);
    const retryAfterS = Number(refused.headers.get("retry-after"));
    expect(retryAfterS).toBeGreaterThan(0);
    expect(retryAfterS).toBeLessThanOrEqual(60);
    const error = errorOf(refused);
    expect(error.data).toMatchObject({ code: "TOO_MANY_REQUESTS", httpStatus: 429, reason: null });
    expect(error.message).toMatch(/3 calls of this minute; try again in \d+ s/);
  });

  test("are counted by user, not by address: another user is not concerned", async () => {
    await using server = await startTestServer({ CALLS_PER_MINUTE_PER_USER: "2" });
    const [alice, bob] = [await server.newUser(), await server.newUser()];
    expect(await statusesOf(3, () => list(server, alice.token))).toEqual([200, 200, 429]);
    expect(await statusesOf(3, () => list(server, bob.token))).toEqual([200, 200, 429]);
  });

  test("with another token of the same user, or with the cookie, count all the same", async () => {
    await using server = await startTestServer({ CALLS_PER_MINUTE_PER_USER: "2" });
    const { sub, token } = await server.newUser();
    expect((await list(server, await server.token(sub))).status).toBe(200);
    const cookie = { cookie: `jobwire_token=${token}` };
    expect((await callRaw(server.url, "jobs.list", { method: "GET", headers: cookie })).status).toBe(200);
    expect((await list(server, token)).status).toBe(429);
  });

  test("without a valid token are limited by address, and take nothing from users", async () => {
    await using server = await startTestServer({ CALLS_PER_MINUTE_PER_USER: "2" });
    const alice = await server.newUser();
    expect(await statusesOf(1, () => list(server))).toEqual([401]);
    expect(await statusesOf(2, () => list(server, "nonsense"))).toEqual([401, 429]);
    expect((await list(server, alice.token)).status).toBe(200);
  });

  test.each(["/api/jobs/any", "/api/jobs/any/output.txt", "/api/tasks/any/export"])(
    "without a valid token are limited by address on plain paths too: %s",
    async (path) => {
      await using server = await startTestServer({ CALLS_PER_MINUTE_PER_USER: "2" });
      const statuses: number[] = [];
      for (let made = 0; made < 3; made++) statuses.push((await fetch(server.url + path)).status);
      expect(statuses).toEqual([401, 401, 429]);
    },
  );

  test("of services are not limited", async () => {
    await using server = await startTestServer({ CALLS_PER_MINUTE_PER_USER: "2", CALLS_PER_MINUTE: "2" });
    const { token } = await server.newService();
    expect(await statusesOf(5, () => list(server, token))).toEqual([200, 200, 200, 200, 200]);
  });

  test("of all users together are limited as well, and who has no token uses up none of them", async () => {
    await using server = await startTestServer({ CALLS_PER_MINUTE: "3" });
    const users = [await server.newUser(), await server.newUser()];
    expect(await statusesOf(4, () => list(server))).toEqual([401, 401, 401, 401]);
    const statuses: number[] = [];
    for (const { token } of [...users, ...users]) statuses.push((await list(server, token)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  const batched = { 0: superjson.serialize(undefined), 1: superjson.serialize(undefined) };
  const batchQuery = `input=${encodeURIComponent(JSON.stringify(batched))}`;
  test.each([
    ["a batch", `jobs.list,jobs.list?batch=1&${batchQuery}`],
    ["one with encoded commas", `jobs.list%2Cjobs.list?batch=1&${batchQuery}`],
    ["one that says so twice", `jobs.list,jobs.list?batch=1&batch=1&${batchQuery}`],
    ["one behind a question mark", `jobs.list,jobs.list?x=?&batch=1&${batchQuery}`],
  ])("in %s are counted one by one", async (_, path) => {
    await using server = await startTestServer({ CALLS_PER_MINUTE_PER_USER: "3" });
    const { token } = await server.newUser();
    expect((await callRaw(server.url, path, { method: "GET", token })).status).toBe(200);
    expect((await callRaw(server.url, path, { method: "GET", token })).status).toBe(429);
  });

  test("in one batch are twenty at most", async () => {
    await using server = await startTestServer();
    const { token } = await server.newUser();
    const pathOf = (count: number) => `${Array.from({ length: count }, () => "jobs.list").join(",")}?batch=1`;
    expect((await callRaw(server.url, pathOf(20), { method: "GET", token })).status).toBe(200);
    expect((await callRaw(server.url, pathOf(21), { method: "GET", token })).status).toBe(400);
  });

  test("count downloads, which say 429 in their own way", async () => {
    await using server = await startTestServer({ CALLS_PER_MINUTE_PER_USER: "1" });
    const { token } = await server.newUser();
    const download = () =>
      fetchText(`${server.url}/api/tasks/any/export`, { headers: { authorization: `Bearer ${token}` } });
    expect((await download()).status).toBe(404);
    const refused = await download();
    expect(refused).toMatchObject({ status: 429, headers: { "retry-after": expect.any(String) } });
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: "TOO_MANY_REQUESTS" } });
  });

  test("do not count streams, which have limits of their own, nor health and metrics", async () => {
    const limits = { CALLS_PER_MINUTE_PER_USER: "1", CALLS_PER_MINUTE: "1" };
    const metricsToken = "the token of Prometheus";
    await using server = await startTestServer({ ...limits, METRICS_TOKEN: metricsToken });
    const { token } = await server.newUser();
    const headers = { authorization: `Bearer ${token}` };
    const prometheus = { authorization: `Bearer ${metricsToken}` };
    for (let opened = 0; opened < 3; opened++) {
      using stream = await openStream(`${server.url}/trpc/jobs.feed`, { headers });
      expect(stream.status).toBe(200);
      for (const path of ["healthz", "readyz", "metrics"])
        expect((await fetch(`${server.url}/${path}`, { headers: prometheus })).status).toBe(200);
    }
    expect((await list(server, token)).status).toBe(200);
  });
});
