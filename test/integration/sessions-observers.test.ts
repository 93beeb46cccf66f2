import { randomUUID } from "node:crypto";
import { readConfig, startServer, type SessionObserver } from "@jobwire/server";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { Inbox, watchSession } from "../support/collect.js";
import { newRequestId } from "../support/session-steps.js";
import { createTestClient } from "../support/test-client.js";
import { signTestToken, testSecret } from "../support/test-server.js";

test("observers are told of connects and disconnects in the order they were registered", async () => {
  const told = new Inbox<string>();
  const observer = (name: string, before: () => Promise<void>): SessionObserver => ({
    name,
    onConnect: async () => before().then(() => told.push(`${name} connect`)),
    onDisconnect: () => told.push(`${name} disconnect`),
  });
  const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 50));
  await using server = await start([
    { ...observer("first", slow), timeoutMs: Infinity },
    observer("second", async () => {}),
    observer("third", async () => {}),
  ]);
  using session = watchSession(server.client, { requestId: newRequestId() });
  await session.first(2);
  session.unsubscribe();
  expect(await told.first(6)).toEqual([
    "first connect",
    "second connect",
    "third connect",
    "first disconnect",
    "second disconnect",
    "third disconnect",
  ]);
});

test("an observer is told who it is about, the same on disconnect, and nothing of one that was replaced", async () => {
  const connects = new Inbox<unknown>();
  const disconnects = new Inbox<unknown>();
  await using server = await start([
    {
      name: "keeper",
      onConnect: (about) => connects.push(about),
      onDisconnect: (about) => disconnects.push(about),
    },
  ]);
  const requestId = newRequestId();
  using older = watchSession(server.client, { requestId });
  await older.first(2);
  using newer = watchSession(server.client, { requestId });
  await newer.first(2);
  await older.completed();
  newer.unsubscribe();
  const [, second] = await connects.first(2);
  expect(second).toEqual({
    requestId,
    userId: server.sub,
    connectionId: expect.any(String),
    since: expect.any(Date),
    process: expect.any(String),
  });
  expect(await disconnects.first(1)).toEqual([second]);
  await server[Symbol.asyncDispose]();
  expect(disconnects.items).toEqual([second]);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("no such table");
    },
    "no such table",
  ],
  ["rejects", () => Promise.reject(new Error("no such host")), "no such host"],
  ["never settles", () => new Promise(() => {}), "did not settle within 100 ms"],
])(
  "an observer that %s is logged by its name, the next is told, and the connection stands",
  async (_what, onEvent, error) => {
    const told = new Inbox<string>();
    const lines = new Inbox<LogLine>();
    const log = pino(
      { level: "error" },
      { write: (line: string) => lines.push(JSON.parse(line) as LogLine) },
    );
    await using server = await start(
      [
        { name: "audit", onConnect: onEvent, onDisconnect: onEvent, timeoutMs: 100 },
        { name: "next", onConnect: () => told.push("connect"), onDisconnect: () => told.push("disconnect") },
      ],
      log,
    );
    const requestId = newRequestId();
    using session = watchSession(server.client, { requestId });
    await session.first(2);
    await told.first(1);
    const service = createTestClient({
      url: server.url,
      token: await signTestToken({ sub: "s", role: "service" }),
    });
    expect(await service.sessions.send.mutate({ requestId, name: "still here", data: null })).toEqual({
      delivered: 1,
    });
    await session.first(3);
    session.unsubscribe();
    expect(await told.first(2)).toEqual(["connect", "disconnect"]);
    const [connect, disconnect] = await lines.first(2);
    expect(connect).toMatchObject({
      observer: "audit",
      event: "onConnect",
      requestId,
      err: { message: error },
    });
    expect(disconnect).toMatchObject({ observer: "audit", event: "onDisconnect", requestId });
  },
);

test("a connection does not wait for its observers", async () => {
  const onConnect = vi.fn<() => Promise<void>>(() => new Promise(() => {}));
  await using server = await start([{ name: "stuck", onConnect, timeoutMs: 600_000 }]);
  using session = watchSession(server.client, { requestId: newRequestId() });
  await session.first(2);
  expect(onConnect).toHaveBeenCalledOnce();
});

interface LogLine {
  readonly observer?: string;
  readonly event?: string;
  readonly requestId?: string;
  readonly err?: { readonly message: string };
}

async function start(sessionObservers: readonly SessionObserver[], log = pino({ level: "silent" })) {
  const config = readConfig({ PORT: "0", JWT_SECRET: testSecret, DRAIN_MS: "0" });
  const server = await startServer(config, { log, sessionObservers });
  const sub = `user-${randomUUID()}`;
  const client = createTestClient({ url: server.url, token: await signTestToken({ sub, role: "user" }) });
  return { ...server, sub, client };
}
