import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { watchSession } from "../support/collect.js";
import { startRedis } from "../support/redis-server.js";
import { connectedIds, messagesIn, newRequestId } from "../support/session-steps.js";
import {
  describeOnEachStore,
  startTestServer,
  type Caller,
  type TestServer,
} from "../support/test-server.js";

const many = { DRAIN_MS: "0", SESSIONS_MAX_PER_USER: "1000" };

describeOnEachStore("a session's newest connection", (store) => {
  test("is the only one of 20 that opened at once, and the others are told and complete", async () => {
    await using server = await store.start(many);
    const { user, service } = await callersOf(server);
    const requestId = newRequestId();
    const racers = Array.from({ length: 20 }, () => watchSession(user.client, { requestId }));
    await Promise.all(racers.map((racer) => racer.first(1)));
    const [listed] = await service.client.sessions.list.query();
    const winner = racers.find((racer) => connectionIdOf(racer) === listed?.connectionId);
    const losers = racers.filter((racer) => racer !== winner);
    for (const loser of losers) expect((await loser.completed()).at(-1)?.type).toBe("session.replaced");
    expect(losers).toHaveLength(19);
    expect(await service.client.sessions.send.mutate({ requestId, name: "one", data: 1 })).toEqual({
      delivered: 1,
    });
    await winner?.until(({ type }) => type === "session.message");
    expect(winner?.events.map(({ type }) => type)).not.toContain("session.replaced");
    for (const racer of racers) racer.unsubscribe();
  });

  test("of 200 sessions replaced at once: each older one ends, each newer one gets all that follows, once", async () => {
    await using server = await store.start(many);
    const { user, service } = await callersOf(server);
    const requestIds = Array.from({ length: 200 }, newRequestId);
    const open = () => requestIds.map((requestId) => watchSession(user.client, { requestId }));
    const older = open();
    await Promise.all(older.map((session) => session.first(2)));
    const newer = open();
    const ends = await Promise.all(older.map((session) => session.completed()));
    expect(ends.map((events) => events.at(-1)?.type)).toEqual(requestIds.map(() => "session.replaced"));
    await Promise.all(newer.map((session) => session.first(2)));
    expect(await service.client.sessions.send.mutate({ name: "all", data: null })).toEqual({
      delivered: 200,
    });
    await Promise.all(newer.map((session) => session.first(3)));
    expect(newer.map((session) => messagesIn(session.events))).toEqual(requestIds.map(() => ["all"]));
    expect((await connectedIds(service.client)).toSorted()).toEqual(requestIds.toSorted());
    for (const session of newer) session.unsubscribe();
  });

  test("is not replaced by marks of older ones that it reads when it resumes", async () => {
    await using server = await store.start(many);
    const { user, service } = await callersOf(server);
    const requestId = newRequestId();
    using first = watchSession(user.client, { requestId });
    const [opened] = await first.first(2);
    for (const name of ["a", "b"]) {
      using between = watchSession(user.client, { requestId });
      await between.first(2);
      await service.client.sessions.send.mutate({ requestId, name, data: null });
      await between.first(3);
    }
    using resumed = watchSession(user.client, { requestId, lastEventId: opened?.id });
    await resumed.first(4);
    await service.client.sessions.send.mutate({ requestId, name: "c", data: null });
    await resumed.first(5);
    expect(messagesIn(resumed.events)).toEqual(["a", "b", "c"]);
    expect(resumed.events.map(({ type }) => type)).not.toContain("session.replaced");
  });

  test("ends with an id with which nothing follows", async () => {
    await using server = await store.start(many);
    const { user, service } = await callersOf(server);
    const requestId = newRequestId();
    using older = watchSession(user.client, { requestId });
    await older.first(2);
    using newer = watchSession(user.client, { requestId });
    await older.completed();
    using back = watchSession(user.client, { requestId, lastEventId: older.ids.at(-1) });
    expect(await back.completed()).toEqual([]);
    await service.client.sessions.send.mutate({ requestId, name: "kept", data: null });
    await newer.first(3);
    expect(messagesIn(newer.events)).toEqual(["kept"]);
  });
});

test("of connections on two processes the newest wins, back and forth, and the late end of the older changes nothing", async () => {
  await using redis = await startRedis();
  await using one = await startTestServer({ REDIS_URL: redis.url, ...many });
  await using other = await startTestServer({ REDIS_URL: redis.url, ...many });
  const service = await one.newService();
  const sub = `user-${randomUUID()}`;
  const token = await one.token(sub);
  const requestId = newRequestId();
  let older = watchSession(one.client(token), { requestId });
  await older.first(2);
  const processes = new Set<string | undefined>();
  for (let round = 1; round <= 6; round++) {
    const newer = watchSession((round % 2 === 0 ? one : other).client(token), { requestId });
    await newer.first(2);
    expect((await older.completed()).at(-1)?.type).toBe("session.replaced");
    older.unsubscribe();
    const [listed, ...rest] = await service.client.sessions.list.query();
    expect(rest).toEqual([]);
    expect(listed).toMatchObject({ requestId, userId: sub, connectionId: connectionIdOf(newer) });
    processes.add(listed?.process);
    expect(await service.client.sessions.send.mutate({ requestId, name: `m${round}`, data: null })).toEqual({
      delivered: 1,
    });
    await newer.first(3);
    expect(messagesIn(newer.events)).toEqual([`m${round}`]);
    older = newer;
  }
  expect(processes.size).toBe(2);
  older.unsubscribe();
});

async function callersOf(server: TestServer): Promise<{ user: Caller; service: Caller }> {
  const [user, service] = await Promise.all([server.newUser(), server.newService()]);
  return { user, service };
}

function connectionIdOf({ events }: ReturnType<typeof watchSession>): string | undefined {
  const [opened] = events;
  return opened?.type === "session.opened" ? opened.connectionId : undefined;
}
