import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { watchSession } from "../support/collect.js";
import { disconnected, messagesIn, newRequestId } from "../support/session-steps.js";
import { refusalOf } from "../support/test-client.js";
import { describeOnEachStore, type Caller, type TestServer } from "../support/test-server.js";

describeOnEachStore("sessions", (store) => {
  let server: TestServer;
  let user: Caller;
  let service: Caller;
  beforeAll(async () => {
    server = await store.start();
    [user, service] = await Promise.all([server.newUser(), server.newService()]);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const send = (requestId: string, name: string) =>
    service.client.sessions.send.mutate({ requestId, name, data: null });

  describe("a connection", () => {
    test("is told first that it is open, then the version, then what is meant for it", async () => {
      const requestId = newRequestId();
      using session = watchSession(user.client, { requestId });
      await session.first(2);
      const data = { text: "héllo", list: [1, null], nested: { json: true } };
      expect(await service.client.sessions.send.mutate({ requestId, name: "greet", data })).toEqual({
        delivered: 1,
      });
      await session.first(3);
      const timestamp = expect.any(Date);
      expect(session.events).toEqual([
        { type: "session.opened", timestamp, requestId, connectionId: expect.any(String), resumed: false },
        { type: "version.announced", timestamp, version: "0.1.0", changelog: null, pending: false },
        { type: "session.message", timestamp, requestId, name: "greet", data },
      ]);
    });

    test("without an id begins with what comes after it was opened", async () => {
      const requestId = newRequestId();
      using first = watchSession(user.client, { requestId });
      await first.first(2);
      await send(requestId, "before");
      await first.first(3);
      first.unsubscribe();
      using second = watchSession(user.client, { requestId });
      await second.first(2);
      await send(requestId, "after");
      await second.first(3);
      expect(messagesIn(second.events)).toEqual(["after"]);
    });

    test("continues after the id it comes with, also with what was sent while nobody was connected", async () => {
      const requestId = newRequestId();
      using first = watchSession(user.client, { requestId });
      await first.first(2);
      await send(requestId, "one");
      const [, , one] = await first.first(3);
      first.unsubscribe();
      await disconnected(service.client, requestId);
      expect(await send(requestId, "two")).toEqual({ delivered: 0 });
      await service.client.sessions.send.mutate({ name: "three", data: null });
      using second = watchSession(user.client, { requestId, lastEventId: one?.id });
      await second.first(4);
      expect(second.events[0]).toMatchObject({ type: "session.opened", resumed: true });
      // What is for this session and what is for all comes from two logs.
      expect(messagesIn(second.events).toSorted()).toEqual(["three", "two"]);
    });

    test("that was told nothing but that it is open continues from there", async () => {
      const requestId = newRequestId();
      using first = watchSession(user.client, { requestId });
      const [opened, version] = await first.first(2);
      expect(version?.id).toBe(opened?.id);
      first.unsubscribe();
      await disconnected(service.client, requestId);
      await send(requestId, "missed");
      using second = watchSession(user.client, { requestId, lastEventId: opened?.id });
      await second.first(3);
      expect(messagesIn(second.events)).toEqual(["missed"]);
    });
  });

  describe("a newer connection", () => {
    test("takes the session: the older one is told and completes, and only the newer one receives", async () => {
      const requestId = newRequestId();
      using older = watchSession(user.client, { requestId });
      await older.first(2);
      using newer = watchSession(user.client, { requestId });
      const events = await older.completed();
      expect(events.at(-1)).toEqual({ type: "session.replaced", timestamp: expect.any(Date), requestId });
      expect(await send(requestId, "hello")).toEqual({ delivered: 1 });
      await newer.first(3);
      expect(messagesIn(newer.events)).toEqual(["hello"]);
      expect(messagesIn(older.events)).toEqual([]);
    });
  });

  describe("whose session it is", () => {
    test("another user's is NOT_FOUND, and its owner notices nothing", async () => {
      const requestId = newRequestId();
      using mine = watchSession(user.client, { requestId });
      await mine.first(2);
      const other = await server.newUser();
      using theirs = watchSession(other.client, { requestId });
      expect((await theirs.error()).data).toMatchObject({ code: "NOT_FOUND", reason: "SESSION_NOT_FOUND" });
      await send(requestId, "still mine");
      await mine.first(3);
      expect(messagesIn(mine.events)).toEqual(["still mine"]);
    });

    test("only services send and list", async () => {
      const refusal = { code: "FORBIDDEN", reason: "ROLE_REQUIRED" };
      expect(await refusalOf(user.client.sessions.send.mutate({ name: "x", data: 1 }))).toMatchObject(
        refusal,
      );
      expect(await refusalOf(user.client.sessions.list.query())).toMatchObject(refusal);
    });
  });
});
