import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { EventSource } from "eventsource";
import { describe, expect, test } from "vitest";
import { startExpress } from "../../../examples/mount/express.js";
import { startFastify } from "../../../examples/mount/fastify.js";
import { startNodeHttp2 } from "../../../examples/mount/node-http2.js";
import { startNodeHttp } from "../../../examples/mount/node-http.js";
import type { createRoomRouter, RoomEvent } from "../../../examples/mount/room-router.js";
import type { RunningExample } from "../../../examples/mount/running-example.js";
import { Inbox } from "../../support/collect.js";
import { kindsOf } from "../support/frames.js";
import { Http2Client } from "../support/http2-client.js";
import { createSelfSigned } from "../support/self-signed.js";
import { fetchText, openStream } from "../support/wire-stream.js";
import { eventually } from "../support/waiting.js";

type RoomRouter = ReturnType<typeof createRoomRouter>;

interface Mount {
  readonly name: string;
  start(): Promise<RunningExample>;
  /** How to reach it where the system's own fetch cannot. */
  readonly reach?: { readonly ca: string };
}

const certificate = createSelfSigned();

const mounts: Mount[] = [
  { name: "node:http", start: () => startNodeHttp() },
  { name: "node:http2", start: () => startNodeHttp2(certificate), reach: { ca: certificate.cert } },
  { name: "Fastify", start: () => startFastify() },
  { name: "Express", start: () => startExpress() },
];

/** The unmodified client; over HTTP/2 with a fetch of its own. */
async function connect({ url }: RunningExample, reach: Mount["reach"]) {
  const http2 = reach && (await Http2Client.open(new URL(url).origin, reach.ca));
  const client = createTRPCClient<RoomRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({
          url,
          EventSource,
          ...(http2 && { eventSourceOptions: { fetch: http2.fetch } }),
        }),
        false: httpLink({ url, ...(http2 && { fetch: http2.fetchCall }) }),
      }),
    ],
  });
  return { client, [Symbol.dispose]: () => http2?.[Symbol.dispose]() };
}

describe.each(mounts)("$name", ({ start, reach }) => {
  test("own events arrive once and in order, tracked, while calls go to tRPC's handler", async () => {
    await using example = await start();
    using connection = await connect(example, reach);
    const { client } = connection;
    const say = (text: string) => client.say.mutate({ from: "alice", text });
    await say("one");
    const inbox = new Inbox<{ readonly id: string; readonly data: RoomEvent }>();
    const subscription = client.events.subscribe(undefined, {
      onData: (item) => inbox.push(item),
      onError: (error) => inbox.end(error),
    });
    await inbox.first(1);
    await say("two");
    await client.leave.mutate({ from: "alice" });
    expect(await inbox.first(3)).toEqual([
      { id: "1", data: { type: "message", number: 1, from: "alice", text: "one" } },
      { id: "2", data: { type: "message", number: 2, from: "alice", text: "two" } },
      { id: "3", data: { type: "left", number: 3, from: "alice" } },
    ]);
    expect(await client.count.query()).toBe(3);
    expect(example.sse.connectionCount()).toBe(1);
    subscription.unsubscribe();
    await eventually(() => example.sse.connectionCount()).toBe(0);
  });

  test("a stream continues after the id it is given", async () => {
    await using example = await start();
    using connection = await connect(example, reach);
    for (const text of ["one", "two", "three"]) await connection.client.say.mutate({ from: "bob", text });
    using stream = await openStream(`${example.url}/events`, { headers: { "last-event-id": "1" }, ...reach });
    const frames = await stream.first(3);
    expect(frames.slice(1).map(({ id }) => id)).toEqual(["2", "3"]);
  });

  test("an observable ticks and completes", async () => {
    await using example = await start();
    using connection = await connect(example, reach);
    const inbox = new Inbox<number>();
    connection.client.clock.subscribe(
      { everyMs: 1, times: 3 },
      {
        onData: (tick) => inbox.push(tick),
        onError: (error) => inbox.end(error),
        onComplete: () => inbox.end(),
      },
    );
    expect(await inbox.ended()).toBeUndefined();
    expect(inbox.items).toEqual([1, 2, 3]);
  });

  test("over HTTP/1.1: the headers of a stream, an error in a stream, and a 404 of tRPC", async () => {
    await using example = await start();
    using stream = await openStream(`${example.url}/clock?input=7`, reach);
    expect(stream.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
    expect(kindsOf(await stream.completed())).toEqual(["connected", "serialized-error"]);
    const missing = await fetchText(`${example.url}/nothing`, reach);
    expect(missing.status).toBe(404);
    expect(JSON.parse(missing.text)).toMatchObject({ error: { data: { code: "NOT_FOUND" } } });
  });

  test("when it stops its streams end without return, and nothing is left", async () => {
    const example = await start();
    using stream = await openStream(`${example.url}/events`, reach);
    await stream.first(1);
    await example[Symbol.asyncDispose]();
    await stream.ended();
    expect(kindsOf(stream.frames)).toEqual(["connected"]);
    expect(stream.retries).toHaveLength(2);
    expect(example.sse.connectionCount()).toBe(0);
  });
});
