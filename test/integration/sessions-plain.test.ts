import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fetchText, openStream } from "../sse/support/wire-stream.js";
import { EventSource } from "eventsource";
import { Inbox, watchSession } from "../support/collect.js";
import { disconnected, newRequestId } from "../support/session-steps.js";
import { callRaw, errorOf, errorOfFrame, openRawStream } from "../support/raw-http.js";
import { describeOnEachStore, type Caller, type TestServer } from "../support/test-server.js";

describeOnEachStore("a session over plain SSE", (store) => {
  let server: TestServer;
  let user: Caller;
  let service: Caller;
  beforeAll(async () => {
    server = await store.start();
    [user, service] = await Promise.all([server.newUser(), server.newService()]);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const urlOf = (query: string) => `${server.url}/api/sse/stream${query}`;
  const bearer = ({ token }: Caller) => ({ authorization: `Bearer ${token}` });
  const open = (requestId: string, headers: Record<string, string> = {}) =>
    openStream(urlOf(`?request_id=${requestId}`), { headers: { ...bearer(user), ...headers } });
  const send = (requestId: string, name: string, data: string | null = null) =>
    service.client.sessions.send.mutate({ requestId, name, data });

  test("gets the events of sessions.events with the same ids, as plain JSON", async () => {
    const requestId = newRequestId();
    using plain = await open(requestId);
    await plain.first(2);
    const data = "é ☃\n\ndata: x\u2028";
    await send(requestId, "one", data);
    const frames = await plain.first(3);
    plain.leave();
    await disconnected(service.client, requestId);
    using overTrpc = watchSession(user.client, { requestId, lastEventId: frames[0]?.id });
    await overTrpc.first(3);
    expect(frames[2]?.id).toBe(overTrpc.ids[2]);
    const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(frames.map((frame) => JSON.parse(frame.data ?? "") as unknown)).toEqual([
      { type: "session.opened", timestamp, requestId, connectionId: expect.any(String), resumed: false },
      { type: "version.announced", timestamp, version: "0.1.0", changelog: null, pending: false },
      { type: "session.message", timestamp, requestId, name: "one", data },
    ]);
  });

  test("continues after Last-Event-ID", async () => {
    const requestId = newRequestId();
    using first = await open(requestId);
    const [opened] = await first.first(2);
    first.leave();
    await disconnected(service.client, requestId);
    await send(requestId, "missed");
    using second = await open(requestId, { "last-event-id": opened?.id ?? "" });
    const frames = await second.first(3);
    expect(JSON.parse(frames[0]?.data ?? "")).toMatchObject({ type: "session.opened", resumed: true });
    expect(JSON.parse(frames[2]?.data ?? "")).toMatchObject({ name: "missed" });
  });

  test("is replaced by a newer connection, complete, and told to stay away when it comes back", async () => {
    const requestId = newRequestId();
    using older = await open(requestId);
    await older.first(2);
    using newer = await open(requestId);
    const [, , replaced, complete] = await older.completed();
    expect(JSON.parse(replaced?.data ?? "")).toMatchObject({ type: "session.replaced", requestId });
    expect(complete).toEqual({ event: "complete", data: "{}" });
    const headers = { ...bearer(user), "last-event-id": replaced?.id ?? "" };
    const back = await fetchText(urlOf(`?request_id=${requestId}`), { headers });
    expect(back).toMatchObject({ status: 204, text: "" });
    expect(await send(requestId, "kept")).toEqual({ delivered: 1 });
    const frames = await newer.first(3);
    expect(JSON.parse(frames[2]?.data ?? "")).toMatchObject({ name: "kept" });
  });

  test("with an EventSource that knows nothing of complete does not fight with the one that took it", async () => {
    const requestId = newRequestId();
    const openEventSource = () => {
      const source = new EventSource(urlOf(`?request_id=${requestId}`), {
        fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...bearer(user) } }),
      });
      const types = new Inbox<string>();
      source.addEventListener("message", ({ data }) =>
        types.push((JSON.parse(String(data)) as { type: string }).type),
      );
      const closed = new Promise<void>((resolve) => {
        source.addEventListener("error", () => {
          if (source.readyState === EventSource.CLOSED) resolve();
        });
      });
      return { types, closed, [Symbol.dispose]: () => source.close() };
    };
    using older = openEventSource();
    await older.types.first(2);
    using newer = openEventSource();
    await older.types.until((type) => type === "session.replaced");
    await older.closed;
    expect(await send(requestId, "kept")).toEqual({ delivered: 1 });
    expect(await newer.types.first(3)).toEqual(["session.opened", "version.announced", "session.message"]);
    expect(older.types.items).toEqual(["session.opened", "version.announced", "session.replaced"]);
  });

  describe("is refused before it starts", () => {
    const characters = "expected 1 to 128 of the characters A-Z a-z 0-9 . _ : -";

    test.each([
      { query: "", message: /expected string.*\n.*request_id/ },
      { query: "?request_id=", message: characters },
      { query: `?request_id=${"a".repeat(10_240)}`, message: characters },
      { query: "?request_id=a%20b", message: characters },
      { query: "?request_id=a%00", message: characters },
      { query: "?request_id=%F0%9F%A6%8A", message: characters },
      { query: "?requestId=abc", message: /request_id/ },
      { query: "?request_id=abc&limit=3", message: /limit/ },
      { query: "?request_id=abc&lastEventId=nonsense", message: "lastEventId is not an id" },
    ])("with 400 for $query", async ({ query, message }) => {
      const { status, text } = await fetchText(urlOf(query), { headers: bearer(user) });
      const { error } = JSON.parse(text) as { error: { code: string; message: string } };
      expect({ status, code: error.code }).toEqual({ status: 400, code: "BAD_REQUEST" });
      expect(error.message).toMatch(message);
      expect(error.message.length).toBeLessThan(300);
    });

    test("with 401 without a token, and the session stays as it is", async () => {
      const requestId = newRequestId();
      using mine = await open(requestId);
      await mine.first(2);
      const { status } = await fetchText(urlOf(`?request_id=${requestId}`));
      expect(status).toBe(401);
      expect(await send(requestId, "kept")).toEqual({ delivered: 1 });
      await mine.first(3);
    });

    test("with 404 for another user's, connected or not, and its owner notices nothing", async () => {
      const requestId = newRequestId();
      const other = await server.newUser();
      const ask = () => fetchText(urlOf(`?request_id=${requestId}`), { headers: bearer(other) });
      using mine = await open(requestId);
      const [opened] = await mine.first(2);
      const whileConnected = await ask();
      expect(whileConnected.status).toBe(404);
      expect(await send(requestId, "kept")).toEqual({ delivered: 1 });
      await mine.first(3);
      mine.leave();
      await disconnected(service.client, requestId);
      expect(await ask()).toMatchObject({ status: 404, text: whileConnected.text });
      using back = await open(requestId, { "last-event-id": opened?.id ?? "" });
      const frames = await back.first(3);
      expect(JSON.parse(frames[2]?.data ?? "")).toMatchObject({ name: "kept" });
    });
  });

  test.each([
    ["empty", "", "expected 1 to 128 of the characters"],
    ["10 KB long", "a".repeat(10_240), "expected 1 to 128 of the characters"],
    ["a number", 7, "expected string, received number"],
    ["a list", ["a"], "expected string, received array"],
    ["true", true, "expected string, received boolean"],
  ])("over tRPC a requestId that is %s is BAD_REQUEST, and says why", async (_name, requestId, why) => {
    const { token } = service;
    await using stream = await openRawStream(server.url, "sessions.events", { token, input: { requestId } });
    const errors = [errorOfFrame(await stream.until(({ event }) => event === "serialized-error"))];
    for (const [path, input] of [
      ["sessions.send", { requestId, name: "x", data: 1 }],
      ["versions.announce", { requestId, version: "1" }],
    ] as const) {
      const answer = await callRaw(server.url, path, { token, input });
      expect(answer.status).toBe(400);
      errors.push(errorOf(answer));
    }
    for (const { message, data } of errors) {
      expect(data).toMatchObject({ code: "BAD_REQUEST", reason: "INPUT_INVALID" });
      expect(message).toContain(why);
      expect(message).toContain("at requestId");
      expect(message.length).toBeLessThan(300);
    }
  });
});
