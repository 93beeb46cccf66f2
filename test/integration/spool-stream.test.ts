import { spoolEventSchema } from "@jobwire/shared";
import { assert, describe, expect, test } from "vitest";
import { kindsOf, valuesOf } from "../sse/support/frames.js";
import { fetchText, openStream } from "../sse/support/wire-stream.js";
import { watchSpools } from "../support/collect.js";
import { freePort, startRedis } from "../support/redis-server.js";
import { boardOf } from "../support/spool-board.js";
import { startTestServer, type Caller, type TestServer } from "../support/test-server.js";

const bearer = ({ token }: Pick<Caller, "token">) => ({ authorization: `Bearer ${token}` });

/** A server with a log and a board of its own: the board of a Redis is one for all its servers. */
function describeWithOwnBoard(title: string, define: (start: typeof startTestServer) => void): void {
  describe(`${title} (memory)`, () => define(startTestServer));
  describe(`${title} (redis)`, () =>
    define(async (overrides) => {
      const redis = await startRedis();
      const server = await startTestServer({ REDIS_URL: redis.url, ...overrides });
      return {
        ...server,
        async [Symbol.asyncDispose]() {
          await server[Symbol.asyncDispose]();
          await redis[Symbol.asyncDispose]();
        },
      };
    }));
}

/** Registers spools `A0`, `A1` … and changes the detail of the first so many times. */
async function fillBoard(server: TestServer, { spools, changes }: { spools: number; changes: number }) {
  const service = await server.newService();
  for (let index = 0; index < spools; index++) {
    await service.client.spools.register.mutate({ tagSpool: `A${index}` });
  }
  for (let index = 1; index <= changes; index++) {
    await service.client.spools.changeState.mutate({ tagSpool: "A0", estadoDetalle: `step ${index}` });
  }
  return service;
}

describeWithOwnBoard("spools.updates", (start) => {
  test("every watcher gets what is retained and what comes, with the same ids", async () => {
    await using server = await start();
    const { client } = await fillBoard(server, { spools: 2, changes: 3 });
    using early = watchSpools(client);
    await early.first(5);
    await client.spools.tomar.mutate({ tagSpool: "A1", workerNombre: "Ana" });
    using late = watchSpools((await server.newUser()).client);
    await client.spools.completar.mutate({ tagSpool: "A1", workerNombre: "Ana" });
    await Promise.all([early.first(7), late.first(7)]);
    expect(late.items).toEqual(early.items);
    expect(early.ids.map((id) => Number(id.split(":")[1]))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(boardOf(early.events)).toEqual(await client.spools.list.query());
  });

  test("a stream is resumed right after any of its ids", async () => {
    await using server = await start();
    const { client } = await fillBoard(server, { spools: 1, changes: 5 });
    using whole = watchSpools(client);
    await whole.first(6);
    for (const [at, id] of whole.ids.slice(0, -1).entries()) {
      using rest = watchSpools(client, { lastEventId: id });
      await rest.first(5 - at);
      expect(rest.items).toEqual(whole.items.slice(at + 1));
    }
  });

  test("what retention has dropped is a gap with the whole board, from which the events go on", async () => {
    await using server = await start({ HISTORY_MAX_EVENTS: "5" });
    const { client } = await fillBoard(server, { spools: 20, changes: 0 });
    using retained = watchSpools(client);
    const [oldest] = await retained.first(1);
    const from = `${oldest?.id.split(":")[0]}:2`;
    await client.spools.tomar.mutate({ tagSpool: "A3", workerNombre: "Ana" });
    const before = await client.spools.list.query();
    using late = watchSpools(client, { lastEventId: from });
    const [gap] = await late.first(1);
    assert(gap?.data.type === "stream.gap");
    expect(gap.data).toMatchObject({ reason: "trimmed", from, to: gap.id });
    expect(gap.data.snapshot).toEqual(before);
    await client.spools.pausar.mutate({ tagSpool: "A3", workerNombre: "Ana" });
    await late.until((event) => event.type === "PAUSAR");
    expect(boardOf(late.events)).toEqual(await client.spools.list.query());
    expect(late.events.filter(({ type }) => type === "stream.gap")).toHaveLength(1);
  });

  test("of a board longer than its log a client makes the whole from the stream and the list", async () => {
    await using server = await start({ HISTORY_MAX_EVENTS: "5" });
    const { client } = await fillBoard(server, { spools: 20, changes: 0 });
    using stream = watchSpools(client);
    await stream.connected();
    await client.spools.tomar.mutate({ tagSpool: "A3", workerNombre: "Ana" });
    const list = await client.spools.list.query();
    await client.spools.completar.mutate({ tagSpool: "A3", workerNombre: "Ana" });
    await stream.until((event) => event.type === "COMPLETAR");
    expect(boardOf(stream.events, list)).toEqual(await client.spools.list.query());
  });

  test("a log that is gone is a gap: log-lost", async () => {
    await using server = await start();
    const { client } = await fillBoard(server, { spools: 2, changes: 0 });
    using stream = watchSpools(client, { lastEventId: "0123456789abcdef0123:9" });
    const [gap] = await stream.first(1);
    expect(gap?.data).toMatchObject({ type: "stream.gap", reason: "log-lost" });
    expect(boardOf(stream.events)).toEqual(await client.spools.list.query());
  });

  test("plain SSE gives the same events with the same ids, as plain JSON", async () => {
    await using server = await start({ SSE_HEARTBEAT_MS: "100" });
    const { client, token } = await fillBoard(server, { spools: 2, changes: 1 });
    const url = `${server.url}/api/spools/stream`;
    using plain = await openStream(url, { headers: bearer({ token }) });
    expect(plain.status).toBe(200);
    expect(plain.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
    await plain.first(3);
    await client.spools.tomar.mutate({
      tagSpool: "A1",
      workerNombre: "José ☃",
      additionalData: { note: "data: x\n\nid: 7" },
    });
    await plain.until(({ event }) => event === "heartbeat");
    using overTrpc = watchSpools(client);
    await overTrpc.first(4);
    const frames = plain.frames.filter(({ event }) => event !== "heartbeat");
    expect(kindsOf(frames)).toEqual(["data", "data", "data", "data"]);
    expect(frames.map(({ id }) => id)).toEqual(overTrpc.ids);
    const values = valuesOf(frames);
    expect(values).toEqual(JSON.parse(JSON.stringify(overTrpc.events)));
    expect(values.map((value) => spoolEventSchema.parse(value))).toEqual(overTrpc.events);

    for (const resumed of [
      await openStream(url, { headers: { ...bearer({ token }), "last-event-id": frames[1]?.id ?? "" } }),
      await openStream(`${url}?lastEventId=${frames[1]?.id}`, { headers: bearer({ token }) }),
    ]) {
      using rest = resumed;
      expect(await rest.first(2)).toEqual(frames.slice(2));
    }
  });
});

describe("GET /api/spools/stream refuses with a status and JSON", () => {
  const refusalAt = async (url: string, headers: Record<string, string>) => {
    const { status, headers: answered, text } = await fetchText(url, { headers });
    return { status, retryAfter: answered["retry-after"], body: JSON.parse(text) as unknown };
  };
  const bodyWith = (code: string) => ({ error: { code, message: expect.any(String) } });

  test("401 without a token, 400 for bad input, 429 over a limit", async () => {
    await using server = await startTestServer({ SSE_MAX_CONNECTIONS_PER_USER: "1" });
    const url = `${server.url}/api/spools/stream`;
    const user = await server.newUser();
    expect(await refusalAt(url, {})).toMatchObject({ status: 401, body: bodyWith("UNAUTHORIZED") });
    for (const query of ["lastEventId=nonsense", "types=TOMAR"]) {
      expect(await refusalAt(`${url}?${query}`, bearer(user))).toMatchObject({
        status: 400,
        body: bodyWith("BAD_REQUEST"),
      });
    }
    using first = await openStream(url, { headers: bearer(user) });
    expect(first.status).toBe(200);
    expect(await refusalAt(url, bearer(user))).toMatchObject({
      status: 429,
      retryAfter: "1",
      body: bodyWith("TOO_MANY_REQUESTS"),
    });
  });

  test("503 with Retry-After while the store is away", async () => {
    await using server = await startTestServer({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    const user = await server.newUser();
    expect(await refusalAt(`${server.url}/api/spools/stream`, bearer(user))).toMatchObject({
      status: 503,
      retryAfter: "1",
      body: bodyWith("SERVICE_UNAVAILABLE"),
    });
  });
});
