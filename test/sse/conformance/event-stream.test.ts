import { parseCursor } from "@jobwire/shared";
import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { expect, test } from "vitest";
import { z } from "zod";
import type { Store } from "../../../server/src/store/store.js";
import { TopicStream } from "../../../server/src/streams/topic-stream.js";
import { TopicHubs } from "../../../server/src/streams/topic-hubs.js";
import { clientOptions, connected, errorOf, kindsOf, returned, superjsonData } from "../support/frames.js";
import { describeOnEachHandler, type HandlerUnderTest } from "../support/handlers.js";
import { openLosingStore } from "../support/losing-store.js";
import { StockStream } from "../support/stock-client.js";
import { openStream, readStream, type WireFrame } from "../support/wire-stream.js";

/** A stream of a topic goes over the wire as bytes that all share, or is iterated by tRPC: both look the same. */

const { router, procedure } = initTRPC.create({
  isDev: false,
  transformer: superjson,
  sse: { client: clientOptions },
});

const inputSchema = z.object({ lastEventId: z.string().optional(), types: z.array(z.string()).optional() });

async function serve({ mount }: HandlerUnderTest, change: (store: Store) => Store = (store) => store) {
  const { store, loseEverything } = openLosingStore();
  const hubs = new TopicHubs(change(store), () => {});
  const topic = procedure.input(inputSchema.optional()).subscription(
    ({ input, signal }) =>
      new TopicStream<object>({
        hubs,
        topic: { scope: "s", topic: "t" },
        after: input?.lastEventId ? parseCursor(input.lastEventId) : null,
        start: "oldest",
        types: input?.types && new Set(input.types),
        explainGap: async (gap) => ({ type: "gap", ...gap, at: new Date(0) }),
        signal,
      }),
  );
  const mounted = await mount({ router: router({ topic }) });
  return {
    ...mounted,
    loseEverything,
    publish: async (...events: readonly { readonly type: string; readonly last?: boolean }[]) => {
      await store.commit({
        scope: "s",
        events: events.map(({ type, last = false }) => ({ topic: "t", type, last, body: bodyOf(type) })),
      });
    },
    async [Symbol.asyncDispose]() {
      await mounted[Symbol.asyncDispose]();
      await hubs[Symbol.asyncDispose]();
    },
  };
}

const eventOf = (type: string) => ({ type, at: new Date(0), text: "é ☃\n\r\u2028🏗️" });
const bodyOf = (type: string) => superjson.stringify(eventOf(type));

function query(input: z.input<typeof inputSchema>): string {
  return `topic?input=${encodeURIComponent(superjson.stringify(input))}`;
}

/** The frames with the epoch, which is drawn, called E. */
function named(frames: readonly WireFrame[]): WireFrame[] {
  return frames.map((frame) =>
    frame.id === undefined ? frame : { ...frame, id: frame.id.replace(/^.*:/, "E:") },
  );
}

const events = (...types: string[]) =>
  types.map((type, index) => superjsonData(eventOf(type), `E:${index + 1}`));

describeOnEachHandler("streams of a topic", (handler) => {
  test("retained events, live ones, and the end", async () => {
    await using served = await serve(handler);
    await served.publish({ type: "a" }, { type: "b" });
    using stream = await openStream(`${served.url}/topic`);
    await stream.first(3);
    await served.publish({ type: "c" });
    await served.publish({ type: "d", last: true });
    expect(named(await stream.completed())).toEqual([connected, ...events("a", "b", "c", "d"), returned]);
  });

  test("what is over already is replayed and returns", async () => {
    await using served = await serve(handler);
    await served.publish({ type: "a" }, { type: "b", last: true });
    expect(named(await readStream(`${served.url}/topic`))).toEqual([
      connected,
      ...events("a", "b"),
      returned,
    ]);
  });

  test("a topic nobody has written to is connected at once", async () => {
    await using served = await serve(handler);
    using stream = await openStream(`${served.url}/topic`);
    expect(await stream.first(1)).toEqual([connected]);
    await served.publish({ type: "a", last: true });
    expect(named(await stream.completed())).toEqual([connected, ...events("a"), returned]);
  });

  test("only the types that are asked for, with the ids they have in the topic", async () => {
    await using served = await serve(handler);
    await served.publish({ type: "a" }, { type: "b" });
    using stream = await openStream(`${served.url}/${query({ types: ["b"] })}`);
    await stream.first(2);
    await served.publish({ type: "a" }, { type: "b" }, { type: "a", last: true });
    const [, b, , d] = events("a", "b", "c", "b");
    expect(named(await stream.completed())).toEqual([connected, b, d, returned]);
  });

  test.each(["header", "query", "input"])("continues after an id: %s", async (where) => {
    await using served = await serve(handler);
    await served.publish({ type: "a" }, { type: "b" }, { type: "c", last: true });
    const [, first] = await readStream(`${served.url}/topic`);
    const id = first?.id ?? "";
    const [path, headers] = {
      header: ["topic", { "last-event-id": id }],
      query: [`topic?lastEventId=${id}`, {}],
      input: [query({ lastEventId: id }), {}],
    }[where] as [string, Record<string, string>];
    const rest = await readStream(`${served.url}/${path}`, { headers });
    expect(named(rest)).toEqual([connected, ...events("a", "b", "c").slice(1), returned]);
  });

  test("a gap is an event with the id to go on from", async () => {
    await using served = await serve(handler);
    await served.publish({ type: "a" }, { type: "b" });
    using stream = await openStream(`${served.url}/topic`);
    await stream.first(3);
    await served.loseEverything();
    await served.publish({ type: "c" }, { type: "d", last: true });
    const frames = await stream.completed();
    expect(kindsOf(frames)).toEqual(["connected", "data", "data", "data", "data", "data", "return"]);
    const gap = superjson.parse<{ from: string; to: string }>(frames[3]?.data ?? "");
    expect(gap).toEqual({
      type: "gap",
      reason: "log-lost",
      from: frames[2]?.id,
      to: frames[3]?.id,
      at: new Date(0),
    });
    expect(named(frames.slice(4))).toEqual([...events("c", "d"), returned]);
  });

  test("a store that fails at the start is an error of the stream", async () => {
    const broken = (store: Store): Store =>
      new Proxy(store, {
        get: (target, name) =>
          name === "listen"
            ? () => Promise.reject(new Error("no store"))
            : (Reflect.get(target, name) as unknown),
      });
    await using served = await serve(handler, broken);
    const frames = await readStream(`${served.url}/topic`);
    expect(kindsOf(frames)).toEqual(["connected", "serialized-error"]);
    expect(errorOf(frames[1])).toMatchObject({
      message: "no store",
      data: { code: "INTERNAL_SERVER_ERROR" },
    });
  });

  test(
    "the unmodified client gets dates as dates, and continues after a break",
    { concurrent: true },
    async () => {
      await using served = await serve(handler);
      await served.publish({ type: "a" });
      using client = new StockStream(served.url, "topic", undefined, { superjson: true });
      await client.firstValues(1);
      served.server.closeAllConnections();
      await served.publish({ type: "b" });
      await client.firstValues(2);
      await served.publish({ type: "c", last: true });
      expect((await client.over()).at(-1)).toEqual({ says: "complete" });
      expect(client.values).toEqual(
        ["a", "b", "c"].map((type) => ({ id: expect.any(String), data: eventOf(type) })),
      );
    },
  );
});
