import { request as httpRequest, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStream } from "../sse/support/wire-stream.js";
import { callRaw } from "../support/raw-http.js";
import { startTestServer, type Caller, type TestServer } from "../support/test-server.js";

/** Media types, schemes and hosts count in any spelling. */

describe("in any spelling", () => {
  let server: TestServer;
  let user: Caller;

  beforeAll(async () => {
    server = await startTestServer({ TESTING: "on" });
    user = await server.newUser();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each([
    "application/json",
    "APPLICATION/JSON",
    "Application/Json; Charset=UTF-8",
    "application/JSON;CHARSET=utf-8",
    "application/json ; charset=utf-8",
  ])("a call takes JSON: %s", async (type) => {
    const headers = { "content-type": type };
    const answer = await callRaw(server.url, "jobs.create", { token: user.token, input: {}, headers });
    expect(answer.status, answer.text).toBe(200);
    const { token } = await server.newService();
    const task = await fetch(`${server.url}/api/testing/tasks`, {
      method: "POST",
      headers: { ...headers, authorization: `Bearer ${token}` },
      body: '{"steps":1,"durationMs":1}',
    });
    expect(task.status, await task.text()).toBe(202);
  });

  test.each(["MULTIPART/FORM-DATA; boundary=x", "Text/Plain", "TEXT/PLAIN; APPLICATION/JSON"])(
    "a call takes nothing else: %s",
    async (type) => {
      const headers = { "content-type": type };
      const answer = await callRaw(server.url, "jobs.create", { token: user.token, body: "{}", headers });
      expect(answer.status).toBe(415);
    },
  );

  test.each(["Text/Event-Stream", "TEXT/EVENT-STREAM; Q=1", "*/*", "Application/JSONL, text/event-stream"])(
    "a stream is accepted: %s",
    async (accept) => {
      const headers = { accept, authorization: `Bearer ${user.token}` };
      for (const path of ["/trpc/jobs.feed", "/api/spools/stream"]) {
        using stream = await openStream(server.url + path, { headers });
        expect(stream.status).toBe(200);
        expect(stream.headers["content-type"]).toBe("text/event-stream");
      }
    },
  );

  test.each(["Bearer", "bearer", "BEARER"])("a token is a token: %s", async (scheme) => {
    const headers = { authorization: `${scheme} ${user.token}` };
    expect((await callRaw(server.url, "jobs.list", { method: "GET", headers })).status).toBe(200);
  });

  test.each(["localhost", "LOCALHOST", "LocalHost"])("a page of this server is its own: %s", async (host) => {
    const { port } = new URL(server.url);
    const request = httpRequest(`${server.url}/trpc/jobs.create`, {
      method: "POST",
      headers: {
        host: `${host}:${port}`,
        origin: `http://localhost:${port}`,
        cookie: `jobwire_token=${user.token}`,
        "content-type": "application/json",
      },
    });
    request.end('{"json":{}}');
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
  });
});
