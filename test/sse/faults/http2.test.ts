import { once } from "node:events";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { createSseHandler, type CloseReason, type SseHandlerOptions } from "@jobwire/server/sse";
import { initTRPC, tracked } from "@trpc/server";
import superjson from "superjson";
import { expect, test } from "vitest";
import { z } from "zod";
import { openMemoryStore } from "../../../server/src/store/memory-store.js";
import { TopicStream } from "../../../server/src/streams/topic-stream.js";
import { TopicHubs } from "../../../server/src/streams/topic-hubs.js";
import type { Inbox } from "../../support/collect.js";
import { kindsOf } from "../support/frames.js";
import { framesOf, Http2Client } from "../support/http2-client.js";
import { createSelfSigned } from "../support/self-signed.js";
import { aborted, eventually } from "../support/waiting.js";
import type { WireFrame } from "../support/wire-stream.js";

/** Many streams on one connection, each with its own fate. */

const certificate = createSelfSigned();
const { router, procedure } = initTRPC.create({ transformer: superjson, isDev: false });

type Options = Partial<Omit<SseHandlerOptions<ReturnType<typeof router>>, "router">>;

async function startHttp2Server(options: Options = {}) {
  const store = openMemoryStore({ maxEvents: 100_000 });
  const hubs = new TopicHubs(store, () => {});
  const closes: CloseReason[] = [];
  const sse = createSseHandler({
    heartbeatMs: 15_000,
    createContext: () => ({}),
    ...options,
    router: router({
      topic: procedure.input(z.unknown()).subscription(
        () =>
          new TopicStream<object>({
            hubs,
            topic: { scope: "s", topic: "t" },
            after: null,
            start: "oldest",
            explainGap: async (gap) => gap,
          }),
      ),
      generator: procedure.subscription(async function* ({ signal }) {
        yield tracked("1", "text with a line\nbreak");
        await aborted(signal);
      }),
      echo: procedure.input(z.object({ lastEventId: z.string() })).subscription(async function* ({ input }) {
        yield input.lastEventId;
      }),
    }),
    onClose: (reason) => closes.push(reason),
  });
  const serve = async (request: Http2ServerRequest, response: Http2ServerResponse) => {
    if (!(await sse(request, response))) response.writeHead(404).end();
  };
  const server = createSecureServer(certificate, (request, response) => void serve(request, response));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  return {
    sse,
    closes,
    connect: () => Http2Client.open(origin, certificate.cert),
    publish: (count: number, text = "", last = false) =>
      store.commit({
        scope: "s",
        events: Array.from({ length: count }, (_, index) => ({
          topic: "t",
          type: "event",
          body: superjson.stringify({ text }),
          last: last && index === count - 1,
        })),
      }),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      await hubs[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

function offsetsOf({ items }: Inbox<WireFrame>): number[] {
  return items.flatMap(({ id }) => (id === undefined ? [] : [Number(id.split(":")[1])]));
}

const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test("a hundred streams on one connection each get every event once, and return", async () => {
  await using server = await startHttp2Server();
  using client = await server.connect();
  const streams = await Promise.all(Array.from({ length: 100 }, () => client.open("/topic")));
  expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
  const inboxes = streams.map(({ stream }) => framesOf(stream));
  await server.publish(10);
  await server.publish(5, "", true);
  for (const inbox of inboxes) {
    expect(await inbox.ended()).toBeUndefined();
    expect(offsetsOf(inbox)).toEqual(oneTo(15));
    expect(inbox.items.at(-1)?.event).toBe("return");
  }
});

test("any other iterable too, with heartbeats, and no header that HTTP/2 forbids", async () => {
  await using server = await startHttp2Server({ heartbeatMs: 40 });
  using client = await server.connect();
  const { stream, headers } = await client.open("/generator");
  expect(headers).toMatchObject({ "content-type": "text/event-stream", "x-accel-buffering": "no" });
  expect(headers).not.toHaveProperty("connection");
  expect(headers).not.toHaveProperty("transfer-encoding");
  expect(kindsOf(await framesOf(stream).first(4))).toEqual(["connected", "data", "ping", "ping"]);
});

test.each(["日本語 ☃", "café", "🏗️", "a:1"])("Last-Event-ID is read as UTF-8 here too: %s", async (id) => {
  await using server = await startHttp2Server();
  using client = await server.connect();
  // The bytes of UTF-8, as a browser sends them.
  const header = Buffer.from(id).toString("latin1");
  const { stream } = await client.open("/echo", { "last-event-id": header });
  const [, frame] = await framesOf(stream).first(2);
  expect(superjson.parse(frame?.data ?? "")).toBe(id);
});

test("a stream that is reset frees its slot, the connection stays", async () => {
  await using server = await startHttp2Server({ maxConnections: 1 });
  using client = await server.connect();
  for (let round = 0; round < 3; round++) {
    const { stream, status } = await client.open(round === 1 ? "/generator" : "/topic");
    expect(status).toBe(200);
    expect((await client.open("/topic")).status).toBe(429);
    stream.close();
    await eventually(() => server.sse.connectionCount()).toBe(0);
  }
  expect(server.closes).toEqual(["client", "client", "client"]);
});

test("a connection that breaks ends all its streams and no other's", async () => {
  await using server = await startHttp2Server();
  const [breaking, staying] = [await server.connect(), await server.connect()];
  for (let count = 0; count < 20; count++) {
    const { stream } = await breaking.open("/topic");
    stream.on("error", () => {});
  }
  const inbox = framesOf((await staying.open("/topic")).stream);
  await eventually(() => server.sse.connectionCount()).toBe(21);
  breaking.session.destroy();
  await eventually(() => server.sse.connectionCount()).toBe(1);
  await server.publish(3, "", true);
  await inbox.ended();
  expect(offsetsOf(inbox)).toEqual([1, 2, 3]);
  staying[Symbol.dispose]();
});

test("a stream that is not read is slow and closed alone; its neighbours on the connection get everything", async () => {
  await using server = await startHttp2Server({ maxBufferedBytes: 262_144 });
  using client = await server.connect();
  const stalled = await client.open("/topic");
  stalled.stream.on("error", () => {});
  stalled.stream.pause();
  const neighbours = [
    framesOf((await client.open("/topic")).stream),
    framesOf((await client.open("/topic")).stream),
  ];
  await eventually(() => server.sse.connectionCount()).toBe(3);
  for (let round = 1; round <= 200; round++) {
    await server.publish(10, "x".repeat(1000));
    await Promise.all(
      neighbours.map((inbox) => inbox.until(({ id }) => id?.endsWith(`:${round * 10}`) ?? false)),
    );
  }
  expect(server.closes).toEqual(["slow"]);
  await server.publish(1, "", true);
  for (const inbox of neighbours) {
    await inbox.ended();
    expect(offsetsOf(inbox)).toEqual(oneTo(2001));
  }
});

test(
  "a stream that takes nothing for sendTimeoutMs is dead and closed alone",
  { timeout: 25_000 },
  async () => {
    await using server = await startHttp2Server({ sendTimeoutMs: 1500, maxBufferedBytes: 64_000_000 });
    using client = await server.connect();
    const stalled = await client.open("/topic");
    stalled.stream.on("error", () => {});
    stalled.stream.pause();
    const neighbour = framesOf((await client.open("/topic")).stream);
    await eventually(() => server.sse.connectionCount()).toBe(2);
    for (let round = 1; round <= 20; round++) await server.publish(10, "x".repeat(10_000));
    await neighbour.until(({ id }) => id?.endsWith(":200") ?? false);
    await expect.poll(() => server.closes, { timeout: 5000 }).toEqual(["dead"]);
    await server.publish(1, "", true);
    await neighbour.ended();
    expect(offsetsOf(neighbour)).toEqual(oneTo(201));
  },
);

test("a drain ends every stream of a connection without return", async () => {
  await using server = await startHttp2Server();
  using client = await server.connect();
  const streams = await Promise.all(Array.from({ length: 30 }, () => client.open("/topic")));
  const inboxes = streams.map(({ stream }) => framesOf(stream));
  await server.publish(2);
  await Promise.all(inboxes.map((inbox) => inbox.first(3)));
  await server.sse.drain({ overMs: 100 });
  for (const inbox of inboxes) {
    expect(await inbox.ended()).toBeUndefined();
    expect(kindsOf(inbox.items)).toEqual(["connected", "data", "data"]);
  }
});

test("of streams whose answer cannot be, each fails alone", async () => {
  let mistakes = 0;
  await using server = await startHttp2Server({
    maxConnections: 1,
    createContext: ({ res }) => {
      if (++mistakes !== 1) return {};
      if ("stream" in res) res.writeHead(401).end();
      throw new Error("answered already");
    },
    identify: async () => ({ userId: "a", ...(mistakes === 2 && { expiresAt: new Date(NaN) }) }),
    responseMeta: () => (mistakes === 3 ? { status: 99 } : {}),
  });
  using client = await server.connect();
  for (const status of [401, 500, 500, 200]) expect((await client.open("/topic")).status).toBe(status);
});
