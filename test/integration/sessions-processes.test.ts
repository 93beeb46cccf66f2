import { readConfig, startServer, type SessionObserver } from "@jobwire/server";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { FaultProxy } from "../faults/support/fault-proxy.js";
import { JobwireProcess } from "../faults/support/jobwire-process.js";
import { fetchText } from "../sse/support/wire-stream.js";
import { Inbox, watchSession } from "../support/collect.js";
import { scrape } from "../support/metrics.js";
import { freePort, startRedis } from "../support/redis-server.js";
import { connectedIds, disconnected, messagesIn, newRequestId } from "../support/session-steps.js";
import { createTestClient, refusalOf } from "../support/test-client.js";
import { signTestToken, startTestServer, testSecret } from "../support/test-server.js";

const patience = { timeout: 30_000, interval: 50 };
const noDrain = { JWT_SECRET: testSecret, DRAIN_MS: "0" };

// This one and the next wait for leases to lapse: beside each other.
test.concurrent("of a process that is killed the sessions count as gone, their observers hear it elsewhere, and they resume there", async () => {
  await using redis = await startRedis();
  const told = new Inbox<string>();
  await using survivor = await start(redis.url, [
    { name: "keeper", onDisconnect: ({ requestId }) => told.push(requestId) },
  ]);
  await using killed = await JobwireProcess.start({ REDIS_URL: redis.url, ...noDrain });
  const requestIds = Array.from({ length: 20 }, newRequestId);
  const onKilled = createTestClient({ url: killed.url, token: survivor.token });
  const sessions = requestIds.map((requestId) => watchSession(onKilled, { requestId }));
  await Promise.all(sessions.map((session) => session.first(2)));
  expect((await connectedIds(survivor.service)).toSorted()).toEqual(requestIds.toSorted());
  await killed.kill();
  for (const session of sessions) session.unsubscribe();
  await disconnected(survivor.service, ...requestIds);
  expect(await survivor.service.sessions.send.mutate({ name: "missed", data: null })).toEqual({
    delivered: 0,
  });
  expect((await told.first(20)).toSorted()).toEqual(requestIds.toSorted());
  for (const [index, requestId] of requestIds.entries()) {
    using back = watchSession(survivor.user, { requestId, lastEventId: sessions[index]?.ids.at(-1) });
    await back.first(3);
    expect(back.events[0]).toMatchObject({ resumed: true });
    expect(messagesIn(back.events)).toEqual(["missed"]);
  }
}, 60_000);

test.concurrent("a process that Redis has lost for longer than its lease puts its sessions back, but none that went elsewhere", async () => {
  await using redis = await startRedis();
  await using proxy = await FaultProxy.start(Number(new URL(redis.url).port));
  const swept = new Inbox<string>();
  const onDisconnect = ({ requestId }: { requestId: string }) => swept.push(requestId);
  await using other = await start(redis.url, [{ name: "keeper", onDisconnect }]);
  await using cutOff = await start(`redis://127.0.0.1:${proxy.port}`);
  const [stays, moves] = [newRequestId(), newRequestId()];
  using staying = watchSession(cutOff.user, { requestId: stays });
  using moving = watchSession(cutOff.user, { requestId: moves });
  await Promise.all([staying.first(2), moving.first(2)]);
  proxy.mute();
  expect((await swept.first(2)).toSorted()).toEqual([stays, moves].toSorted());
  using moved = watchSession(createTestClient({ url: other.url, token: cutOff.token }), { requestId: moves });
  await moved.first(2);
  await other.service.sessions.send.mutate({ name: "meanwhile", data: null });
  proxy.heal();
  await vi.waitFor(async () => expect(await connectedIds(other.service)).toContain(stays), patience);
  const listed = await other.service.sessions.list.query();
  const [opened] = moved.events;
  expect(listed.find(({ requestId }) => requestId === moves)).toMatchObject({
    connectionId: opened?.type === "session.opened" ? opened.connectionId : "",
  });
  expect((await moving.completed()).at(-1)).toMatchObject({ type: "session.replaced" });
  await staying.first(3);
  await moved.first(3);
  expect([staying, moved].map(({ events }) => messagesIn(events))).toEqual([["meanwhile"], ["meanwhile"]]);
}, 60_000);

test("of a process that stops the sessions are disconnected before it is gone", async () => {
  await using redis = await startRedis();
  await using other = await start(redis.url);
  const requestId = newRequestId();
  {
    await using stopping = await startTestServer({ REDIS_URL: redis.url, DRAIN_MS: "0" });
    using session = watchSession(stopping.client(other.token), { requestId });
    await session.first(2);
    expect(await connectedIds(other.service)).toEqual([requestId]);
    await stopping[Symbol.asyncDispose]();
    session.unsubscribe();
  }
  expect(await connectedIds(other.service)).toEqual([]);
  using back = watchSession(other.user, { requestId });
  await back.first(2);
});

test("a disconnect while Redis is away is made good when Redis is back", async () => {
  await using redis = await startRedis();
  const redisPort = Number(new URL(redis.url).port);
  await using proxy = await FaultProxy.start(redisPort);
  await using cutOff = await start(`redis://127.0.0.1:${proxy.port}`);
  await using other = await start(redis.url);
  const [leaving, staying] = [newRequestId(), newRequestId()];
  using left = watchSession(cutOff.user, { requestId: leaving });
  using stays = watchSession(cutOff.user, { requestId: staying });
  await Promise.all([left.first(2), stays.first(2)]);
  proxy.switchTo(await freePort());
  proxy.cut();
  left.unsubscribe();
  await vi.waitFor(
    async () => expect((await scrape(cutOff.url)).value("sse_connections_active")).toBe(1),
    patience,
  );
  // The store has not heard of it, and the lease of the process still stands.
  expect((await connectedIds(other.service)).toSorted()).toEqual([leaving, staying].toSorted());
  proxy.switchTo(redisPort);
  await disconnected(other.service, leaving);
  expect(await connectedIds(other.service)).toEqual([staying]);
}, 60_000);

test("with Redis lost and empty, sessions that stand are connected again and told of the gap", async () => {
  await using redis = await startRedis();
  await using server = await start(redis.url);
  const requestId = newRequestId();
  using session = watchSession(server.user, { requestId });
  await session.first(2);
  await redis.restart();
  await vi.waitFor(async () => expect(await connectedIds(server.service)).toEqual([requestId]), patience);
  const { data: gap } = await session.until(({ type }) => type === "stream.gap");
  expect(gap).toMatchObject({ reason: "log-lost", snapshot: { version: { pending: false }, tasks: [] } });
  expect(await server.service.sessions.send.mutate({ requestId, name: "again", data: null })).toEqual({
    delivered: 1,
  });
  await session.until((event) => event.type === "session.message");
  using newer = watchSession(server.user, { requestId });
  await newer.first(2);
  expect((await session.completed()).at(-1)).toMatchObject({ type: "session.replaced" });
}, 60_000);

test("while Redis is away sessions open and send nowhere, and say so in time", async () => {
  await using redis = await startRedis();
  await using server = await start(redis.url);
  const requestId = newRequestId();
  using standing = watchSession(server.user, { requestId });
  await standing.first(2);
  await redis.kill();
  const away = { code: "SERVICE_UNAVAILABLE", reason: "STORE_UNAVAILABLE", status: 503 };
  const startedAt = performance.now();
  const calls = [
    server.service.sessions.send.mutate({ requestId, name: "x", data: null }),
    server.service.sessions.send.mutate({ name: "x", data: null }),
    server.service.sessions.list.query(),
    server.service.versions.announce.mutate({ version: "2" }),
  ];
  for (const refusal of await Promise.all(calls.map(refusalOf))) expect(refusal).toMatchObject(away);
  const headers = { authorization: `Bearer ${server.token}` };
  const plain = await fetchText(`${server.url}/api/sse/stream?request_id=${newRequestId()}`, { headers });
  expect(plain).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  using waiting = watchSession(server.user, { requestId: newRequestId() });
  expect((await waiting.retriedError()).data).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await redis.restart();
  await waiting.first(2);
  expect(standing.events.map(({ type }) => type)).not.toContain("session.replaced");
}, 60_000);

/** A server with a user and a service of its own; all users are the same one. */
async function start(redisUrl: string, sessionObservers: readonly SessionObserver[] = []) {
  const config = readConfig({ PORT: "0", REDIS_URL: redisUrl, ...noDrain });
  const server = await startServer(config, { log: pino({ level: "silent" }), sessionObservers });
  const token = await signTestToken({ sub: "alice", role: "user" });
  const serviceToken = await signTestToken({ sub: "deployer", role: "service" });
  return {
    ...server,
    token,
    user: createTestClient({ url: server.url, token }),
    service: createTestClient({ url: server.url, token: serviceToken }),
  };
}
