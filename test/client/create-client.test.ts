import { getEventListeners } from "node:events";
import { createJobwireClient } from "@jobwire/client";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.js";
import { FakePage } from "./support/fake-page.js";

describe("createJobwireClient", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("a watched job's events come in order, and the loop ends with the job", async () => {
    const { token } = await server.newUser();
    const service = await server.newService();
    await using client = createJobwireClient({ url: server.url, token });
    const { id: jobId } = await client.trpc.jobs.create.mutate({ title: "Shop" });
    const stream = client.jobs.watch(jobId);
    const types: string[] = [];
    for await (const event of stream) {
      if (types.length === 0) await service.client.jobs.transition.mutate({ jobId, to: "failed" });
      types.push(event.type);
    }
    expect(types).toEqual(["build.stage.started", "build.stage.completed", "build.stage.started"]);
    expect(stream.lastEventId).toMatch(/:3$/);
  });

  test("a stream that was left goes on after its last id", async () => {
    const { token } = await server.newUser();
    const service = await server.newService();
    await using client = createJobwireClient({ url: server.url, token });
    const { id: jobId } = await client.trpc.jobs.create.mutate({});
    const first = client.jobs.watch(jobId);
    for await (const event of first) if (event.type === "build.stage.started") break;
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const rest: string[] = [];
    for await (const event of client.jobs.watch(jobId, { lastEventId: first.lastEventId }))
      rest.push(event.type);
    expect(rest).toEqual(["build.stage.completed", "build.stage.started"]);
  });

  test("a stream that was left before its first event is at the place it was given", async () => {
    const { token } = await server.newUser();
    await using client = createJobwireClient({ url: server.url, token });
    const { id: jobId } = await client.trpc.jobs.create.mutate({});
    const first = client.jobs.watch(jobId);
    await first.next();
    await first.return();
    const { lastEventId } = first;
    expect(lastEventId).toMatch(/:1$/);
    const second = client.jobs.watch(jobId, { lastEventId });
    const next = second.next();
    await vi.waitFor(() => expect(second.connection.getSnapshot().state).toBe("live"));
    await second.return();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(second.lastEventId).toBe(lastEventId);
  });

  test("its connection state is that of its streams, and idle once it is closed", async () => {
    const { token } = await server.newUser();
    const client = createJobwireClient({ url: server.url, token });
    const states: string[] = [];
    client.connection.subscribe(() => states.push(client.connection.getSnapshot().state));
    const { id: jobId } = await client.trpc.jobs.create.mutate({});
    const stream = client.jobs.watch(jobId);
    await stream.next();
    const next = stream.next();
    client.close();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(states).toEqual(["connecting", "live", "idle"]);
    await expect(client.jobs.watch(jobId).next()).rejects.toThrow("This client is closed.");
  });

  test("the board is watched: what is retained, then what happens", async () => {
    const service = await server.newService();
    const { token } = await server.newUser();
    await using client = createJobwireClient({ url: server.url, token });
    const tagSpool = `spool-${token.slice(-8)}`;
    await service.client.spools.register.mutate({ tagSpool });
    const seen: string[] = [];
    for await (const event of client.spools.watch()) {
      if (event.type === "stream.gap" || event.tagSpool !== tagSpool) continue;
      seen.push(event.type);
      if (seen.length === 1) await client.trpc.spools.tomar.mutate({ tagSpool, workerNombre: "Ana" });
      else break;
    }
    expect(seen).toEqual(["STATE_CHANGE", "TOMAR"]);
  });

  test("a session that is opened anew ends the older stream of it", async () => {
    const { token } = await server.newUser();
    await using client = createJobwireClient({ url: server.url, token, shareAs: "alice" });
    const requestId = `session-${token.slice(-8)}`;
    const older = client.sessions.watch(requestId);
    expect((await older.next()).value?.type).toBe("session.opened");
    await using newer = client.sessions.watch(requestId);
    expect((await newer.next()).value?.type).toBe("session.opened");
    const last: string[] = [];
    for await (const event of older) last.push(event.type);
    expect(last.at(-1)).toBe("session.replaced");
  });

  test("a signal ends its stream and no other", async () => {
    const { token } = await server.newUser();
    await using client = createJobwireClient({ url: server.url, token });
    const { id: jobId } = await client.trpc.jobs.create.mutate({});
    const controller = new AbortController();
    const left = client.jobs.watch(jobId, { signal: controller.signal });
    await using kept = client.jobs.watch(jobId);
    await Promise.all([left.next(), kept.next()]);
    const next = left.next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(left.connection.getSnapshot().state).toBe("idle");
    expect(kept.connection.getSnapshot().state).toBe("live");
    expect(client.connection.getSnapshot().state).toBe("live");
  });

  test("a call whose token is refused asks for a fresh one, once, and is made again with it", async () => {
    const given = [await server.token("alice"), "stale-2", "stale-1", "stale-0"];
    const asked: boolean[] = [];
    const client = createJobwireClient({
      url: server.url,
      token: ({ wasRefused }) => {
        asked.push(wasRefused);
        return given.pop() ?? "";
      },
    });
    const refused = client.trpc.jobs.create.mutate({ title: "Shop" });
    await expect(refused).rejects.toMatchObject({ data: { code: "UNAUTHORIZED" } });
    expect(await client.trpc.jobs.create.mutate({ title: "Shop" })).toMatchObject({ title: "Shop" });
    expect(asked).toEqual([false, true, false, true]);
    client.close();
  });

  test.each(["its signal aborts", "its client closes"])(
    "a stream whose loop is busy while %s holds nothing and is not live",
    async (how) => {
      const page = FakePage.open();
      const { token } = await server.newUser();
      const client = createJobwireClient({ url: server.url, token });
      await client.trpc.jobs.create.mutate({});
      const own = new AbortController();
      const stream = client.jobs.feed({ signal: own.signal });
      await stream.next();
      expect(client.connection.getSnapshot().state).toBe("live");
      if (how === "its signal aborts") own.abort();
      else client.close();
      await vi.waitFor(() => expect(client.connection.getSnapshot().state).toBe("idle"));
      expect(getEventListeners(own.signal, "abort")).toEqual([]);
      expect(page.listeners).toBe(0);
      expect(await stream.next()).toEqual({ done: true, value: undefined });
    },
  );

  test("what cannot be mended is thrown in the loop, with code and reason", async () => {
    const { token } = await server.newUser();
    await using client = createJobwireClient({ url: server.url, token });
    const stream = client.jobs.watch("nobody's");
    await expect(stream.next()).rejects.toMatchObject({
      name: "TRPCClientError",
      data: { code: "NOT_FOUND", httpStatus: 404, reason: "JOB_NOT_FOUND" },
    });
    expect(stream.connection.getSnapshot()).toMatchObject({
      state: "idle",
      lastError: { name: "TRPCClientError" },
    });
  });
});
