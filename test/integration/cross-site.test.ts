import { describe, expect, test } from "vitest";
import { callRaw, errorOf, type RawAnswer, type RawRequest } from "../support/raw-http.js";
import { startTestServer, type TestServer } from "../support/test-server.js";
import { openStream } from "../sse/support/wire-stream.js";

/** What a page of another site can do with the cookie of somebody who is signed in: nothing. */

const evil = "https://evil.example";
const friend = "https://app.example.com";

async function create(server: TestServer, request: RawRequest): Promise<RawAnswer> {
  return callRaw(server.url, "jobs.create", { input: {}, ...request });
}

async function startWithSomebody() {
  const server = await startTestServer({ CORS_ORIGINS: friend });
  const somebody = await server.newUser();
  return { server, ...somebody, cookie: `jobwire_token=${somebody.token}` };
}

describe("a mutation that comes with the cookie alone", () => {
  const refused: Record<string, Record<string, string>> = {
    "from a page of another site": { origin: evil, "sec-fetch-site": "cross-site" },
    "from a browser that says only the origin": { origin: evil },
    "from a page of a sibling domain": { origin: "http://other.127.0.0.1", "sec-fetch-site": "same-site" },
    "from another port of this machine": { origin: "http://127.0.0.1:1", "sec-fetch-site": "same-site" },
    "from a frame without an origin": { origin: "null", "sec-fetch-site": "cross-site" },
    "from such a frame in a browser that says only the origin": { origin: "null" },
    "from a browser that says only the site": { "sec-fetch-site": "cross-site" },
  };

  test.each(Object.entries(refused))("%s is refused", async (_, headers) => {
    const { server, client, cookie } = await startWithSomebody();
    await using _server = server;
    const answer = await create(server, { headers: { cookie, ...headers } });
    expect(answer.status).toBe(403);
    expect(errorOf(answer).data).toMatchObject({ code: "FORBIDDEN", reason: "ORIGIN_REFUSED" });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect((await client.jobs.list.query()).items).toEqual([]);
  });

  test("from this server's own pages, from origins of CORS_ORIGINS and from programs is accepted", async () => {
    const { server, cookie } = await startWithSomebody();
    await using _server = server;
    const accepted: Record<string, string>[] = [
      { origin: server.url, "sec-fetch-site": "same-origin" },
      { origin: server.url },
      // Typed into the address bar, or a bookmark.
      { "sec-fetch-site": "none" },
      { origin: friend, "sec-fetch-site": "cross-site" },
      {},
    ];
    for (const headers of accepted) {
      const answer = await create(server, { headers: { cookie, ...headers } });
      expect(answer.status, JSON.stringify(headers)).toBe(200);
    }
  });

  test("is not refused when it has the header Authorization, which no other site can send", async () => {
    const { server, token, cookie } = await startWithSomebody();
    await using _server = server;
    const answer = await create(server, { token, headers: { cookie, origin: evil } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("or with no token at all is refused: the testing endpoints trust who knows the code", async () => {
    const code = "the-code-of-this-test";
    await using server = await startTestServer({ TESTING: "on", NODE_ENV: "test", JOBWIRE_DEV_CODE: code });
    const startTask = (headers: Record<string, string>) =>
      fetch(`${server.url}/api/testing/tasks?code=${code}`, { method: "POST", headers });
    expect((await startTask({})).status).toBe(202);
    expect((await startTask({ origin: evil, "sec-fetch-site": "cross-site" })).status).toBe(403);
  });

  test("cannot hide behind other cookies", async () => {
    const { server, cookie } = await startWithSomebody();
    await using _server = server;
    for (const cookies of [`a=b; ${cookie}`, `${cookie};x`, `jobwire_token=x; ${cookie}`, ` ${cookie}`]) {
      const answer = await create(server, { headers: { cookie: cookies, origin: evil } });
      expect([401, 403], cookies).toContain(answer.status);
    }
  });
});

describe("a form of another site", () => {
  const forms: Record<string, RawRequest> = {
    "url-encoded": {
      body: "title=Shop",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    },
    multipart: {
      body: '--x\r\ncontent-disposition: form-data; name="title"\r\n\r\nShop\r\n--x--\r\n',
      headers: { "content-type": "multipart/form-data; boundary=x" },
    },
    "plain text that is JSON": {
      body: '{"json":{"title":"Shop"}}',
      headers: { "content-type": "text/plain" },
    },
    "plain text that claims to be JSON": {
      body: '{"json":{"title":"Shop"}}',
      headers: { "content-type": "text/plain; application/json" },
    },
  };

  test.each(Object.entries(forms))("as %s changes nothing, even without any origin", async (_, form) => {
    const { server, client, cookie } = await startWithSomebody();
    await using _server = server;
    const blind = await create(server, { ...form, headers: { ...form.headers, cookie } });
    expect(blind.status).toBe(415);
    const honest = await create(server, { ...form, headers: { ...form.headers, cookie, origin: evil } });
    expect(honest.status).toBe(403);
    expect((await client.jobs.list.query()).items).toEqual([]);
  });

  test("and a link change nothing: GET and HEAD never run a mutation, whatever they claim to be", async () => {
    const { server, client, token } = await startWithSomebody();
    await using _server = server;
    const input = encodeURIComponent('{"json":{"title":"Shop"}}');
    const attempts: { method: string; headers?: Record<string, string>; query?: string }[] = [
      { method: "GET" },
      { method: "HEAD" },
      { method: "GET", headers: { "x-http-method-override": "POST" } },
      { method: "GET", query: "&_method=POST" },
      { method: "GET", query: "&batch=1" },
      { method: "GET", headers: { "content-type": "application/json" } },
    ];
    for (const { method, headers, query = "" } of attempts) {
      const response = await fetch(`${server.url}/trpc/jobs.create?input=${input}${query}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
      expect([204, 405], `${method} ${query}`).toContain(response.status);
    }
    expect((await client.jobs.list.query()).items).toEqual([]);
  });
});

describe("what a page of another site may read", () => {
  test("is nothing, unless CORS_ORIGINS names it: calls, streams and errors", async () => {
    const { server, cookie } = await startWithSomebody();
    await using _server = server;
    const paths = ["/trpc/jobs.list", "/trpc/nothing", "/api/jobs/any/events/stream", "/metrics", "/nowhere"];
    for (const path of paths) {
      const allowedFor = async (origin: string) =>
        (await fetch(server.url + path, { headers: { cookie, origin } })).headers.get(
          "access-control-allow-origin",
        );
      expect(await allowedFor(evil), path).toBeNull();
      expect(await allowedFor(friend), path).toBe(friend);
    }
    using stream = await openStream(`${server.url}/trpc/jobs.feed`, { headers: { cookie, origin: evil } });
    expect(stream.headers["access-control-allow-origin"]).toBeUndefined();
    using allowed = await openStream(`${server.url}/trpc/jobs.feed`, { headers: { cookie, origin: friend } });
    expect(allowed.headers).toMatchObject({
      "access-control-allow-origin": friend,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "Retry-After",
    });
  });

  test("is said by a stream as by every other answer, as is what protects pages", async () => {
    const { server, cookie } = await startWithSomebody();
    await using _server = server;
    const own = new Set([
      "cache-control",
      "connection",
      "content-type",
      "date",
      "keep-alive",
      "transfer-encoding",
    ]);
    const common = (headers: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name)));
    for (const origin of [evil, friend, undefined]) {
      const headers = { cookie, ...(origin !== undefined && { origin }) };
      using stream = await openStream(`${server.url}/trpc/jobs.feed`, { headers });
      const other = await fetch(`${server.url}/nowhere`, { headers });
      await other.text();
      const { vary, "x-accel-buffering": _, ...ofStream } = common(stream.headers);
      const {
        vary: varyOfOther,
        "content-length": __,
        ...ofOther
      } = common(Object.fromEntries(other.headers));
      expect(ofStream).toEqual(ofOther);
      expect(vary).toContain("Origin");
      expect(varyOfOther).toContain("Origin");
    }
  });

  test("a preflight for JSON is granted to origins of CORS_ORIGINS only", async () => {
    await using server = await startTestServer({ CORS_ORIGINS: friend });
    const preflight = async (origin: string) =>
      (
        await fetch(`${server.url}/trpc/jobs.create`, {
          method: "OPTIONS",
          headers: {
            origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,authorization",
          },
        })
      ).headers.get("access-control-allow-origin");
    expect(await preflight(evil)).toBeNull();
    expect(await preflight(friend)).toBe(friend);
  });

  test("a preflight grants every method that the API has", async () => {
    await using server = await startTestServer({ CORS_ORIGINS: friend });
    const { paths } = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as {
      readonly paths: Readonly<Record<string, object>>;
    };
    const { headers } = await fetch(`${server.url}/api/jobs/any`, {
      method: "OPTIONS",
      headers: { origin: friend, "access-control-request-method": "DELETE" },
    });
    const granted = headers.get("access-control-allow-methods")?.toLowerCase().split(", ");
    const used = new Set(Object.values(paths).flatMap((methods) => Object.keys(methods)));
    expect(used).toContain("delete");
    for (const method of used) expect(granted).toContain(method);
  });
});

describe("headers that protect pages", () => {
  test("allow scripts, styles and connections from this origin only, pictures from where the operator allows it, and no frames", async () => {
    await using server = await startTestServer({ PICTURE_ORIGINS: "https://pictures.example.com" });
    const { headers } = await fetch(`${server.url}/healthz`);
    const policy = new Map(
      (headers.get("content-security-policy") ?? "").split(";").map((directive) => {
        const [name = "", ...sources] = directive.trim().split(" ");
        return [name, sources.join(" ")];
      }),
    );
    expect(Object.fromEntries(policy)).toMatchObject({
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": "'self'",
      "connect-src": "'self'",
      "img-src": "'self' data: https://pictures.example.com",
      "frame-ancestors": "'none'",
      "base-uri": "'none'",
    });
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("x-powered-by")).toBeNull();
  });

  test("leave those of streams as they are", async () => {
    await using server = await startTestServer();
    const { token } = await server.newUser();
    using stream = await openStream(`${server.url}/trpc/jobs.feed`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(stream.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    });
  });
});
