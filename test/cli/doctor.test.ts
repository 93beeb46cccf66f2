import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { signTestToken, startTestServer, testSecret } from "../support/test-server.js";
import { runCli } from "./run-cli.js";

interface Found {
  readonly code: number | null;
  /** `check status`, in order. */
  readonly statuses: readonly string[];
  readonly text: string;
}

async function examine(url: string, token?: string): Promise<Found> {
  const { code, stdout } = await runCli(["doctor", "--json"], { url, ...(token !== undefined && { token }) });
  const findings = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly check: string; readonly status: string });
  return { code, statuses: findings.map(({ check, status }) => `${check} ${status}`), text: stdout };
}

const quick = { SSE_HEARTBEAT_MS: "200" };

test("a server in good health passes every check, one line each", async () => {
  await using server = await startTestServer(quick);
  const token = await server.token("ana");
  const { code, stdout } = await runCli(["doctor"], { url: server.url, token });
  expect(code).toBe(0);
  const checks = stdout.match(/(?<=^✔ pass {2})\w+(?= +\S)/gm);
  expect(checks).toEqual(["server", "clock", "store", "token", "stream", "heartbeat"]);
  expect(stdout.trimEnd().split("\n")).toHaveLength(6);
});

test("where nobody answers the rest is skipped, and it ends with 3", async () => {
  const { code, statuses, text } = await examine("http://127.0.0.1:9", "x");
  expect(code).toBe(3);
  expect(statuses).toEqual(["server fail", "store skip", "token skip", "stream skip"]);
  expect(text).toContain('"fix":"');
});

test("something else at the URL is told from Jobwire", async () => {
  await using other = await startHttp((_, response) => response.end("<html>It works!</html>"));
  const { code, statuses, text } = await examine(other.url, "x");
  expect(code).toBe(3);
  expect(statuses[0]).toBe("server fail");
  expect(text).toContain("not as Jobwire does (status 200)");
});

test.each([
  ["that is absent", undefined, "there is none"],
  ["that is no JWT", "abc", "it is no JWT"],
  [
    "of another secret",
    () => signTestToken({ sub: "a", role: "user" }, "x".repeat(40)),
    "JWT_SECRET must be the same",
  ],
  ["that has expired", () => signToken("-1m"), "TOKEN_EXPIRED|expired"],
])("a token %s fails, with what to do", async (_, token, message) => {
  await using server = await startTestServer(quick);
  const { code, statuses, text } = await examine(
    server.url,
    typeof token === "function" ? await token() : token,
  );
  expect(code).toBe(1);
  expect(statuses.slice(3)).toEqual(["token fail", "stream skip"]);
  expect(text).toMatch(new RegExp(message));
});

test("a token that expires soon is a warning, and the stream is still looked at", async () => {
  await using server = await startTestServer(quick);
  const { code, statuses } = await examine(server.url, await signToken("2m"));
  expect(code).toBe(0);
  expect(statuses.slice(3)).toEqual(["token warn", "stream pass", "heartbeat pass"]);
});

test("a Redis that is away fails the check of the store, and says which variable to look at", async () => {
  await using server = await startTestServer({ ...quick, REDIS_URL: "redis://127.0.0.1:9" });
  const { code, statuses, text } = await examine(server.url, await server.token("ana"));
  expect(code).toBe(1);
  expect(statuses[2]).toBe("store fail");
  expect(text).toContain("REDIS_URL");
});

test("a clock that is wrong is a warning that says by how much", async () => {
  await using server = await startTestServer(quick);
  await using proxy = await startReverseProxy(server.url, {
    onHead: (headers) => ({ ...headers, date: new Date(Date.now() + 90_000).toUTCString() }),
  });
  const { code, statuses, text } = await examine(proxy.url, await server.token("ana"));
  expect(code).toBe(0);
  expect(statuses[1]).toBe("clock warn");
  expect(text).toMatch(/(89|90) s ahead of this machine/);
});

test("a proxy that holds streams back fails, with the setting to change", async () => {
  await using server = await startTestServer(quick);
  await using proxy = await startReverseProxy(server.url, { holdsStreams: true });
  const { code, statuses, text } = await examine(proxy.url, await server.token("ana"));
  expect(code).toBe(1);
  expect(statuses.slice(3)).toEqual(["token pass", "stream fail"]);
  expect(text).toContain("proxy_buffering off");
});

test("a proxy that cuts quiet streams before the heartbeat fails, with the timeout to raise", async () => {
  await using server = await startTestServer({ SSE_HEARTBEAT_MS: "2000" });
  await using proxy = await startReverseProxy(server.url, { cutsAfterMs: 300 });
  const { code, statuses, text } = await examine(proxy.url, await server.token("ana"));
  expect(code).toBe(1);
  expect(statuses.slice(4)).toEqual(["stream pass", "heartbeat fail"]);
  expect(text).toContain("proxy_read_timeout");
});

async function signToken(lifetime: string): Promise<string> {
  return new SignJWT({ role: "user" })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("ana")
    .setExpirationTime(lifetime)
    .sign(new TextEncoder().encode(testSecret));
}

async function startHttp(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

interface ProxyFaults {
  readonly onHead?: (headers: IncomingMessage["headers"]) => IncomingMessage["headers"];
  readonly holdsStreams?: boolean;
  readonly cutsAfterMs?: number;
}

/** A reverse proxy as an operator may have set it up by mistake. */
function startReverseProxy(target: string, { onHead = (headers) => headers, ...faults }: ProxyFaults) {
  return startHttp((request, response) => {
    const { method, headers, url } = request;
    const upstream = httpRequest(`${target}${url}`, { method, headers }, (answer) => {
      const isStream = answer.headers["content-type"] === "text/event-stream";
      response.writeHead(answer.statusCode ?? 502, onHead(answer.headers));
      if (isStream && faults.holdsStreams) response.flushHeaders();
      else answer.pipe(response);
      if (isStream && faults.cutsAfterMs !== undefined) setTimeout(() => response.end(), faults.cutsAfterMs);
    });
    upstream.on("error", () => response.destroy());
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  });
}
