import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { AnnouncedVersion } from "@jobwire/shared";
import { describe, expect, test, vi } from "vitest";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import { watchSession } from "../support/collect.js";
import { disconnected, newRequestId } from "../support/session-steps.js";
import { sessionsOn } from "../support/sessions-on.js";
import { refusalOf, type TestClient } from "../support/test-client.js";
import { describeOnEachStore, startTestServer } from "../support/test-server.js";

describeOnEachStore("an announced version", (store) => {
  test("is told now, and again on every connect, also to who comes for the first time", async () => {
    await using server = await store.start({ DRAIN_MS: "0" });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const requestId = newRequestId();
    using present = watchSession(user.client, { requestId });
    await present.first(2);
    const announced = { version: "2.0.0", changelog: "## Faster\n\nMuch." };
    expect(await service.client.versions.announce.mutate(announced)).toEqual({ delivered: 1 });
    const { data } = await present.until((event) => event.type === "version.announced" && event.pending);
    expect(data).toEqual({
      type: "version.announced",
      timestamp: expect.any(Date),
      requestId: "*",
      ...announced,
      pending: true,
    });
    present.unsubscribe();
    for (const again of [requestId, requestId, newRequestId()]) {
      expect(await versionOnConnect(user.client, again)).toEqual({ ...announced, pending: true });
    }
  });

  test("to one session is kept for it alone, also when it has never connected", async () => {
    await using server = await store.start({ DRAIN_MS: "0" });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const [known, unknown, other] = [newRequestId(), newRequestId(), newRequestId()];
    const before = await versionOnConnect(user.client, other);
    using session = watchSession(user.client, { requestId: known });
    await session.first(2);
    const announce = (requestId: string) =>
      service.client.versions.announce.mutate({ version: "3.0.0-beta", requestId });
    expect(await announce(known)).toEqual({ delivered: 1 });
    expect(await announce(unknown)).toEqual({ delivered: 0 });
    await session.first(3);
    const beta = { version: "3.0.0-beta", changelog: null, pending: true };
    expect(session.events[2]).toMatchObject(beta);
    expect(await versionOnConnect(user.client, known)).toEqual(beta);
    expect(await versionOnConnect(user.client, unknown)).toEqual(beta);
    expect(await versionOnConnect(user.client, other)).toEqual(before);
  });

  test("counts when it is the last, whether it was for all or for one session", async () => {
    await using server = await store.start({ DRAIN_MS: "0" });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const requestId = newRequestId();
    const announce = async (version: string, to?: string) => {
      // Which is the last is known to the millisecond.
      const before = Date.now();
      await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(before), { interval: 1 });
      await service.client.versions.announce.mutate({ version, ...(to !== undefined && { requestId: to }) });
      return (await versionOnConnect(user.client, requestId)).version;
    };
    expect(await announce("1-all")).toBe("1-all");
    expect(await announce("2-own", requestId)).toBe("2-own");
    expect(await announce("3-other", newRequestId())).toBe("2-own");
    expect(await announce("4-own", requestId)).toBe("4-own");
    expect(await announce("5-all")).toBe("5-all");
  });

  test("without a changelog takes the changelog of the one before away", async () => {
    await using server = await store.start({ DRAIN_MS: "0" });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    await service.client.versions.announce.mutate({ version: "1", changelog: "One." });
    await service.client.versions.announce.mutate({ version: "2" });
    const version = await versionOnConnect(user.client, newRequestId());
    expect(version).toEqual({ version: "2", changelog: null, pending: true });
  });

  test("reaches a session that was away once more from its log, the last one last", async () => {
    await using server = await store.start({ DRAIN_MS: "0" });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const requestId = newRequestId();
    using first = watchSession(user.client, { requestId });
    const [opened] = await first.first(2);
    first.unsubscribe();
    await disconnected(service.client, requestId);
    for (const version of ["1", "2"]) await service.client.versions.announce.mutate({ version });
    using second = watchSession(user.client, { requestId, lastEventId: opened?.id });
    await second.first(4);
    const versions = second.events.flatMap((event) =>
      event.type === "version.announced" ? [event.version] : [],
    );
    expect(versions).toEqual(["2", "1", "2"]);
  });

  test.each([
    ["an empty version", { version: "" }, "version"],
    ["a blank version", { version: "   " }, "version"],
    ["a version of 129 characters", { version: "v".repeat(129) }, "version"],
    ["a number as version", { version: 2 }, "version"],
    ["no version", {}, "version"],
    ["a changelog of 20,001 characters", { version: "1", changelog: "x".repeat(20_001) }, "changelog"],
    ["a requestId that is none", { version: "1", requestId: "not ok" }, "requestId"],
  ])("is refused with %s, and nothing changes", async (_what, input, field) => {
    await using server = await store.start({ DRAIN_MS: "0" });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const before = await versionOnConnect(user.client, newRequestId());
    // As a caller without types would.
    const announce = ({ client }: { client: TestClient }) =>
      refusalOf(client.versions.announce.mutate(input as { version: string }));
    expect(await announce(service)).toMatchObject({
      code: "BAD_REQUEST",
      reason: "INPUT_INVALID",
      message: expect.stringContaining(`at ${field}`),
    });
    expect(await announce(user)).toMatchObject({ code: "FORBIDDEN", reason: "ROLE_REQUIRED" });
    expect(await versionOnConnect(user.client, newRequestId())).toEqual(before);
  });
});

describe("the version that runs", () => {
  test.each([
    [
      "JSON",
      "application/json",
      `{"version":"7.1.0","changelog":"New."}`,
      { version: "7.1.0", changelog: "New." },
    ],
    [
      "JSON without a changelog",
      "application/json",
      `{"version":"7.1.0"}`,
      { version: "7.1.0", changelog: null },
    ],
    ["JSON sent as text", "text/plain", ` {"version":"7.1.0"}\n`, { version: "7.1.0", changelog: null }],
    ["plain text", "text/plain", "build-7f25698\n", { version: "build-7f25698", changelog: null }],
  ])("is what VERSION_URL answers as %s", async (_how, type, body, expected) => {
    await using site = await startSite((_request, response) =>
      response.writeHead(200, { "content-type": type }).end(body),
    );
    await using server = await startTestServer({ VERSION_URL: site.url, DRAIN_MS: "0" });
    const user = await server.newUser();
    expect(await versionOnConnect(user.client, newRequestId())).toEqual({ ...expected, pending: false });
  });

  test.each<[string, RequestListener]>([
    ["fails", (_request, response) => response.writeHead(500).end("oh no")],
    ["breaks off", (request) => request.socket.destroy()],
    ["says nothing", (_request, response) => response.end()],
    ["is no JSON", (_request, response) => response.end("{nonsense")],
    [
      "is no JSON and says in capitals that it is",
      (_request, response) => response.writeHead(200, { "content-type": "APPLICATION/JSON" }).end("7.1.0-b"),
    ],
    ["has another shape", (_request, response) => response.end(`{"build":"7"}`)],
    ["is a page", (_request, response) => response.end(`<!doctype html>${"x".repeat(500)}`)],
    ["is too long", (_request, response) => response.end("x".repeat(70_000))],
    ["never comes", () => {}],
  ])("is that of the build when the answer %s, and the connection stands", async (_what, answer) => {
    await using site = await startSite(answer);
    await using server = await startTestServer({ VERSION_URL: site.url, DRAIN_MS: "0" });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const requestId = newRequestId();
    using session = watchSession(user.client, { requestId });
    await session.first(1);
    expect(await service.client.sessions.send.mutate({ requestId, name: "hello", data: null })).toEqual({
      delivered: 1,
    });
    await session.first(3);
    expect(session.events).toMatchObject([
      { type: "session.opened" },
      { type: "version.announced", version: "0.1.0", changelog: null, pending: false },
      { type: "session.message", name: "hello" },
    ]);
  });

  test("is asked for once by many who connect at the same time", async () => {
    const answer = vi.fn<RequestListener>((_request, response) => response.end("7.1.0"));
    await using site = await startSite(answer);
    await using server = await startTestServer({ VERSION_URL: site.url, DRAIN_MS: "0" });
    const user = await server.newUser();
    const versions = await Promise.all(
      Array.from({ length: 20 }, () => versionOnConnect(user.client, newRequestId())),
    );
    expect(versions).toEqual(versions.map(() => ({ version: "7.1.0", changelog: null, pending: false })));
    expect(answer).toHaveBeenCalledOnce();
  });
});

test("a version that cannot be told is logged, the connection stands, and the next connect tries again", async () => {
  await using store = openMemoryStore({ maxEvents: 100 });
  const errors: unknown[] = [];
  const versionFor = vi.fn<() => Promise<AnnouncedVersion>>();
  const failure = new Error("no version");
  versionFor.mockRejectedValueOnce(failure);
  versionFor.mockResolvedValueOnce({ version: "1", changelog: null, pending: true });
  await using sessions = sessionsOn(store, { versionFor, onError: (error) => errors.push(error) });
  const caller = { userId: "alice", role: "user", expiresAt: new Date(Infinity) } as const;
  const eventsOnConnect = async () => {
    const leaving = new AbortController();
    const stream = await sessions.streams.open(caller, { requestId: "r", signal: leaving.signal });
    const types: string[] = [];
    for await (const [, event] of stream) {
      types.push(event.type);
      if (types.length === 1)
        await sessions.registry.send({ type: "session.message", name: "n", data: null });
      if (event.type === "session.message") leaving.abort();
    }
    return types;
  };
  expect(await eventsOnConnect()).toEqual(["session.opened", "session.message"]);
  expect(errors).toEqual([failure]);
  expect(await eventsOnConnect()).toEqual(["session.opened", "version.announced", "session.message"]);
  expect(errors).toEqual([failure]);
});

async function versionOnConnect(client: TestClient, requestId: string) {
  using session = watchSession(client, { requestId });
  const event = (await session.first(2))[1]?.data;
  if (event?.type !== "version.announced") throw new Error(`It was ${JSON.stringify(event)}.`);
  const { version, changelog, pending } = event;
  return { version, changelog, pending };
}

async function startSite(listener: RequestListener) {
  const site = createServer(listener).listen(0, "127.0.0.1");
  await once(site, "listening");
  return {
    url: `http://127.0.0.1:${(site.address() as AddressInfo).port}/version`,
    async [Symbol.asyncDispose]() {
      site.closeAllConnections();
      site.close();
      await once(site, "close");
    },
  };
}
