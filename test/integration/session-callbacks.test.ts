import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { Inbox, watchSession } from "../support/collect.js";
import { startRedis, freePort } from "../support/redis-server.js";
import { serverProgram, startProcess } from "../support/server-process.js";
import { messagesIn, newRequestId } from "../support/session-steps.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken, startTestServer, testSecret } from "../support/test-server.js";

const secret = "the secret of callbacks";

interface Received {
  readonly action: string;
  readonly request_id: string;
  readonly token: string;
  readonly url: string;
  readonly deliveryId: string | undefined;
  readonly isSigned: boolean;
}

/** A backend. `answer` says how it treats a call; default: it takes it. */
async function startBackend(
  answer: (callback: Received, response: ServerResponse) => void = (_callback, response) => response.end(),
  port = 0,
) {
  const calls = new Inbox<Received>();
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const { "x-jobwire-signature": signature, "idempotency-key": deliveryId } = request.headers;
      const [, seconds = "", digest] = /^t=(\d+),v1=(\w+)$/.exec(String(signature)) ?? [];
      const expected = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
      const callback: Received = {
        ...(JSON.parse(body) as Pick<Received, "action" | "request_id" | "token" | "url">),
        deliveryId: typeof deliveryId === "string" ? deliveryId : undefined,
        isSigned: digest === expected && Math.abs(Date.now() / 1000 - Number(seconds)) < 60,
      };
      calls.push(callback);
      answer(callback, response);
    });
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/sse`,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const startWith = (url: string, more: Readonly<Record<string, string>> = {}) =>
  startTestServer({ SSE_CALLBACK_URL: url, SSE_CALLBACK_SECRET: secret, DRAIN_MS: "300", ...more });

describe("a backend", () => {
  test("is told of a connect and of its disconnect, signed, with the token of the connection, never that of the user", async () => {
    await using backend = await startBackend();
    await using server = await startWith(backend.url);
    const { client, token: userToken } = await server.newUser();
    const requestId = newRequestId();
    using session = watchSession(client, { requestId });
    const [opened] = await session.first(1);
    session.unsubscribe();
    const [connect, disconnect] = await backend.calls.first(2);
    expect(connect).toEqual({
      action: "connect",
      request_id: requestId,
      token: opened?.data.type === "session.opened" ? opened.data.connectionId : "",
      url: `/api/sse/stream?request_id=${requestId}`,
      deliveryId: expect.any(String),
      isSigned: true,
    });
    expect(disconnect).toEqual({ ...connect, action: "disconnect", deliveryId: expect.any(String) });
    expect(disconnect?.deliveryId).not.toBe(connect?.deliveryId);
    expect(JSON.stringify(backend.calls.items)).not.toContain(userToken);
  });

  test("sends to one session and to all with the HTTP of services", async () => {
    await using backend = await startBackend();
    await using server = await startWith(backend.url);
    const [{ client }, { token }] = [await server.newUser(), await server.newService()];
    const [first, second] = [newRequestId(), newRequestId()];
    using one = watchSession(client, { requestId: first });
    using other = watchSession(client, { requestId: second });
    await backend.calls.first(2);
    const send = (message: object) =>
      fetch(`${server.url}/api/sessions/messages`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(message),
      });
    await send({ requestId: first, name: "hello", data: 1 });
    await send({ name: "all", data: 2 });
    await send({ requestId: second, name: "goodbye", data: 3 });
    // What is for one and what is for all comes from two logs, between which there is no order.
    const names = async (session: typeof one) => {
      await session.first(4);
      return messagesIn(session.events).toSorted();
    };
    expect(await names(one)).toEqual(["all", "hello"]);
    expect(await names(other)).toEqual(["all", "goodbye"]);
  });

  test("that fails is told again, of each session in order, by the same delivery", async () => {
    let failures = 3;
    await using backend = await startBackend((_callback, response) => {
      response.statusCode = failures-- > 0 ? 503 : 204;
      response.end();
    });
    await using server = await startWith(backend.url);
    const { client } = await server.newUser();
    using session = watchSession(client, { requestId: newRequestId() });
    await session.first(1);
    session.unsubscribe();
    const calls = await backend.calls.first(5);
    expect(calls.map(({ action }) => action)).toEqual([
      "connect",
      "connect",
      "connect",
      "connect",
      "disconnect",
    ]);
    expect(new Set(calls.slice(0, 4).map(({ deliveryId }) => deliveryId)).size).toBe(1);
  });

  test("that breaks off without an answer, or sends elsewhere, is told again and nobody else is told", async () => {
    await using elsewhere = await startBackend();
    let calls = 0;
    await using backend = await startBackend((_callback, response) => {
      calls++;
      if (calls === 1) response.destroy();
      else if (calls === 2) response.writeHead(307, { location: elsewhere.url }).end();
      else response.end();
    });
    await using server = await startWith(backend.url);
    using session = watchSession((await server.newUser()).client, { requestId: newRequestId() });
    await session.first(1);
    await backend.calls.first(3);
    expect(elsewhere.calls.items).toEqual([]);
  });

  test("that refuses is not told again", async () => {
    await using backend = await startBackend(({ action }, response) => {
      response.statusCode = action === "connect" ? 403 : 200;
      response.end();
    });
    await using server = await startWith(backend.url);
    const { client } = await server.newUser();
    using session = watchSession(client, { requestId: newRequestId() });
    await session.first(1);
    session.unsubscribe();
    const calls = await backend.calls.first(2);
    expect(calls.map(({ action }) => action)).toEqual(["connect", "disconnect"]);
    const { token } = await server.newService();
    const outcomes = async () => {
      const text = await (
        await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
      ).text();
      return [...text.matchAll(/session_callbacks_total\{outcome="([\w-]+)"\} (\d+)/g)].map(
        ([, outcome, count]) => `${outcome} ${count}`,
      );
    };
    await expect.poll(outcomes).toEqual(["given-up 1", "delivered 1"]);
  });

  test("that never answers holds up no stream, no other session and no shutdown", async () => {
    const slow = newRequestId();
    await using backend = await startBackend((callback, response) => {
      if (callback.request_id !== slow) response.end();
    });
    const server = await startWith(backend.url);
    const { client } = await server.newUser();
    using held = watchSession(client, { requestId: slow });
    await held.first(2);
    using quick = watchSession(client, { requestId: newRequestId() });
    await quick.first(2);
    quick.unsubscribe();
    await backend.calls.until((call) => call.request_id !== slow && call.action === "disconnect");
    expect(backend.calls.items.filter((call) => call.request_id === slow)).toHaveLength(1);
    const begun = performance.now();
    await server[Symbol.asyncDispose]();
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  test("that is dead is told when it is there", async () => {
    const port = await freePort();
    await using server = await startWith(`http://127.0.0.1:${port}/hooks/sse`);
    const { client } = await server.newUser();
    using session = watchSession(client, { requestId: newRequestId() });
    await session.first(2);
    session.unsubscribe();
    await using backend = await startBackend(undefined, port);
    const calls = await backend.calls.first(2);
    expect(calls.map(({ action }) => action)).toEqual(["connect", "disconnect"]);
  });

  test("hears of the sessions of a server that is stopped, and by another server of those of one that was killed", async () => {
    await using redis = await startRedis();
    await using backend = await startBackend();
    const env = {
      REDIS_URL: redis.url,
      JWT_SECRET: testSecret,
      SSE_CALLBACK_URL: backend.url,
      SSE_CALLBACK_SECRET: secret,
      DRAIN_MS: "100",
    };
    const token = await signTestToken({ sub: "alice", role: "user" });
    await using killed = await startProcess(process.execPath, serverProgram, env);
    await using stopped = await startProcess(process.execPath, serverProgram, env);
    await using _last = await startProcess(process.execPath, serverProgram, env);
    const [one, two] = [newRequestId(), newRequestId()];
    using first = watchSession(createTestClient({ url: killed.url, token }), { requestId: one });
    using second = watchSession(createTestClient({ url: stopped.url, token }), { requestId: two });
    await Promise.all([first.first(1), second.first(1)]);
    const told = (requestId: string) => (call: Received) =>
      call.action === "disconnect" && call.request_id === requestId;
    expect(await stopped.stop()).toBe(0);
    await backend.calls.until(told(two));
    killed.send("SIGKILL");
    await backend.calls.until(told(one));
  });
});
