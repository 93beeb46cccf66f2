import fc from "fast-check";
import { Redis } from "ioredis";
import { describe, expect, test, vi } from "vitest";
import { jobStateKey } from "../support/job-places.js";
import { startRedis } from "../support/redis-server.js";
import { serverProgram, startProcess, type ServerProcess } from "../support/server-process.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken, testSecret } from "../support/test-server.js";
import { RawSocket } from "../sse/support/raw-socket.js";

interface Request {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** All ways to send a token, the accepted ones and those that people and broken clients try. */
const ways: Record<string, (token: string) => { query?: string; headers?: Record<string, string> }> = {
  header: (token) => ({ headers: { authorization: `Bearer ${token}` } }),
  "header without a scheme": (token) => ({ headers: { authorization: token } }),
  cookie: (token) => ({ headers: { cookie: `jobwire_token=${token}` } }),
  "another cookie": (token) => ({ headers: { cookie: `session=${token}` } }),
  connectionParams: (token) => ({ query: paramsOf({ token }) }),
  "connectionParams of another name": (token) => ({ query: paramsOf({ jwt: token }) }),
  "connectionParams that are no JSON": (token) => ({ query: `connectionParams=${token}` }),
  "a query parameter": (token) => ({ query: `token=${token}` }),
  "the last event id": (token) => ({ headers: { "last-event-id": token } }),
  "the input": (token) => ({ query: `input=${encodeURIComponent(JSON.stringify({ json: { token } }))}` }),
};

const targets = [
  "/trpc/jobs.list",
  "/trpc/jobs.feed",
  "/trpc/jobs.events",
  "/trpc/jobs.list,jobs.list?batch=1",
  "/trpc/nothing",
  "/trpc/%zz",
  "/trpc/",
  `/trpc/${"x".repeat(6000)}`,
  "/api/jobs/any/events/stream",
  "/api/spools/stream",
  "/api/sse/stream?request_id=any",
  "/api/dev/token",
  "/metrics",
  "/nowhere",
  "/",
  "//",
];

const requests = (token: string): fc.Arbitrary<Request> =>
  fc
    .record({
      method: fc.constantFrom("GET", "POST", "PUT", "OPTIONS", "BREW"),
      target: fc.constantFrom(...targets),
      way: fc.constantFrom(...Object.values(ways)),
      // A token that is cut off, changed, or whole.
      text: fc.constantFrom(token, token.slice(0, -3), `${token}x`, token.replace(".", "..")),
      headers: fc.constantFrom<Record<string, string>>(
        {},
        { "content-type": "application/json" },
        { "content-type": "multipart/form-data; boundary=x" },
        { "x-filling": "x".repeat(17_000) },
        { "x-forwarded-for": "203.0.113.7" },
        { "bad header": "x" },
      ),
      body: fc.constantFrom("", "{", '{"json":{}}'),
    })
    .map(({ method, target, way, text, headers, body }) => {
      const sent = way(text);
      const separator = target.includes("?") ? "&" : "?";
      return {
        method,
        target: sent.query === undefined ? target : target + separator + sent.query,
        headers: { ...headers, ...sent.headers },
        body,
      };
    });

async function startLoggingServer(env: Record<string, string>): Promise<ServerProcess> {
  return startProcess(process.execPath, serverProgram, {
    JWT_SECRET: testSecret,
    LOG_LEVEL: "trace",
    SSE_MAX_CONNECTIONS: "5",
    CALLS_PER_MINUTE: "1000",
    ...env,
  });
}

describe("a token", () => {
  test(
    "is in no line of the log and in no answer, however it is sent and whatever is wrong with the request",
    { timeout: 60_000 },
    async () => {
      await using redis = await startRedis();
      await using server = await startLoggingServer({ REDIS_URL: redis.url });
      const token = await signTestToken({ sub: "alice", role: "user" });
      const port = Number(new URL(server.url).port);
      await fc.assert(
        fc.asyncProperty(requests(token), async (request) => {
          const answer = await answerTo(port, request);
          for (const secret of secretsOf(token)) expect(answer).not.toContain(secret);
        }),
        { numRuns: 300 },
      );
      expect(server.lines.length).toBeGreaterThan(0);
      for (const secret of secretsOf(token)) expect(server.lines.join("\n")).not.toContain(secret);
    },
  );

  test("is not in what the log says of a defect of the server", async () => {
    await using redis = await startRedis();
    await using server = await startLoggingServer({ REDIS_URL: redis.url });
    const token = await signTestToken({ sub: "alice", role: "user" });
    const { id: jobId } = await createTestClient({ url: server.url, token }).jobs.create.mutate({});
    const operator = new Redis(redis.url);
    try {
      await operator.hset(jobStateKey(jobId), "state", "nonsense");
    } finally {
      operator.disconnect();
    }
    const input = `input=${encodeURIComponent(JSON.stringify({ json: { jobId } }))}`;
    for (const way of ["header", "cookie", "connectionParams"]) {
      const { query, headers = {} } = ways[way]?.(token) ?? {};
      const url = `${server.url}/trpc/jobs.get?${input}${query === undefined ? "" : `&${query}`}`;
      expect((await fetch(url, { headers })).status, way).toBe(500);
    }
    await server.until((line) => line.includes("call failed"));
    for (const secret of secretsOf(token)) expect(server.lines.join("\n")).not.toContain(secret);
  });
});

describe("the password of Redis", () => {
  test("is not in the log when Redis refuses it", async () => {
    await using redis = await startRedis();
    const operator = new Redis(redis.url);
    await operator.config("SET", "requirepass", "the right one");
    const url = new URL(redis.url);
    for (const username of ["", "alice"]) {
      url.username = username;
      url.password = "the-secret-of-redis";
      await using server = await startLoggingServer({ REDIS_URL: url.href });
      await server.until((line) => line.includes("Redis is not reachable"));
      await vi.waitFor(() => expect(server.lines.join("\n")).toMatch(/WRONGPASS/));
      expect(server.lines.join("\n")).not.toContain("the-secret-of-redis");
    }
    operator.disconnect();
  });
});

/** What would give a token away: its signature and its payload, also as a list of bytes, as Buffers are logged. */
function secretsOf(token: string): string[] {
  const [, payload = "", signature = ""] = token.split(".");
  return [payload, signature, token].flatMap((text) => {
    const part = text.slice(0, 40);
    return [part, [...Buffer.from(part)].join(","), Buffer.from(part).toString("base64").slice(0, 50)];
  });
}

/** Everything that comes back until it is complete, or a stream has said hello. */
async function answerTo(port: number, { method, target, headers, body }: Request): Promise<string> {
  using socket = await RawSocket.open(port);
  const all = { host: "localhost", "content-length": String(body.length), connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
  await Promise.race([socket.closed(), socket.until(/retry: \d+|\r\n0\r\n\r\n/).catch(() => undefined)]);
  return socket.received;
}

function paramsOf(params: Record<string, string>): string {
  return `connectionParams=${encodeURIComponent(JSON.stringify(params))}`;
}
