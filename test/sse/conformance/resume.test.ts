import { setTimeout as delay } from "node:timers/promises";
import { initTRPC, tracked, TRPCError } from "@trpc/server";
import superjson from "superjson";
import { expect, test } from "vitest";
import { z } from "zod";
import { clientOptions, connected, data, returned } from "../support/frames.js";
import { describeOnEachHandler } from "../support/handlers.js";
import { StockStream } from "../support/stock-client.js";
import { aborted, Happening } from "../support/waiting.js";
import { readStream } from "../support/wire-stream.js";

const { router, procedure } = initTRPC.create({ isDev: false, sse: { client: clientOptions } });

/** Says what input it is called with. */
const echo = procedure.input(z.unknown()).subscription(async function* ({ input }) {
  yield tracked("echo", input ?? "nothing");
});

function query(entries: Record<string, string>): string {
  return new URLSearchParams(entries).toString();
}

describeOnEachHandler("where a stream is told to continue", ({ mount }) => {
  const input = JSON.stringify({ a: 1, lastEventId: "input" });

  test.each<[string, { query: Record<string, string>; header?: string }, unknown]>([
    ["nowhere", { query: {} }, "nothing"],
    ["the input", { query: { input } }, { a: 1, lastEventId: "input" }],
    ["the query", { query: { lastEventId: "query" } }, { lastEventId: "query" }],
    ["the query in the header's spelling", { query: { "Last-Event-Id": "query" } }, { lastEventId: "query" }],
    ["the header", { query: {}, header: "header" }, { lastEventId: "header" }],
    ["query before input", { query: { input, lastEventId: "query" } }, { a: 1, lastEventId: "query" }],
    [
      "header before query and input",
      { query: { input, lastEventId: "query" }, header: "header" },
      { a: 1, lastEventId: "header" },
    ],
    [
      "an empty header is nothing, and hides the query",
      { query: { input, lastEventId: "query" }, header: "" },
      { a: 1, lastEventId: "input" },
    ],
    ["an empty query is nothing", { query: { input, lastEventId: "" } }, { a: 1, lastEventId: "input" }],
    [
      "an input of null gives way",
      { query: { input: "null", lastEventId: "query" } },
      { lastEventId: "query" },
    ],
    ["an input that is no object stays", { query: { input: "[1]", lastEventId: "query" } }, [1]],
    ["an input that is a number stays", { query: { input: "0", lastEventId: "query" } }, 0],
    ["an empty input is none", { query: { input: "", lastEventId: "query" } }, { lastEventId: "query" }],
  ])("%s", async (_, request, expected) => {
    await using served = await mount({ router: router({ echo }) });
    const headers = request.header === undefined ? {} : { "last-event-id": request.header };
    const [, value] = await readStream(`${served.url}/echo?${query(request.query)}`, { headers });
    expect(value).toEqual(data(expected, "echo"));
  });

  test("superjson reads the input, and the id is put into what it says", async () => {
    const rich = initTRPC.create({ isDev: false, sse: { client: clientOptions }, transformer: superjson });
    const isDate = rich.procedure.input(z.looseObject({ at: z.date() })).subscription(async function* (call) {
      yield { ...call.input, at: call.input.at.getTime() };
    });
    await using served = await mount({ router: rich.router({ isDate }) });
    const text = query({ input: superjson.stringify({ at: new Date(7) }) });
    const frames = await readStream(`${served.url}/isDate?${text}`, { headers: { "last-event-id": "x" } });
    expect(superjson.parse(frames[1]?.data ?? "")).toEqual({ at: 7, lastEventId: "x" });
  });
});

/** Counts up from the id it is given, three numbers each time, and then does what `then` says. */
function countBy(then: (calls: number, signal: AbortSignal | undefined) => Promise<void> | void) {
  const inputs: unknown[] = [];
  const numbers = procedure
    .input(z.object({ lastEventId: z.string().optional() }).optional())
    .subscription(async function* ({ input, signal }) {
      inputs.push(input);
      const after = Number(input?.lastEventId ?? 0);
      for (let number = after + 1; number <= after + 3; number++) yield tracked(String(number), number);
      await then(inputs.length, signal);
    });
  return { inputs, router: router({ numbers }) };
}

const tracks = (numbers: number[]) => numbers.map((number) => ({ id: String(number), data: number }));

describeOnEachHandler("a client that comes back", ({ mount }) => {
  test("after its connection broke: by Last-Event-ID, without a gap", { concurrent: true }, async () => {
    const waiting = new Happening("the third value");
    const { inputs, router: counting } = countBy(async (calls, signal) => {
      if (calls > 1) return;
      waiting.happen();
      await aborted(signal);
    });
    await using served = await mount({ router: counting });
    using client = new StockStream(served.url, "numbers");
    await client.firstValues(3);
    await waiting.soon();
    served.server.closeAllConnections();
    expect((await client.over()).at(-1)).toEqual({ says: "complete" });
    expect(client.values).toEqual(tracks([1, 2, 3, 4, 5, 6]));
    expect(inputs).toEqual([undefined, { lastEventId: "3" }]);
  });

  test("after the server ended the response without return", { concurrent: true }, async () => {
    const { inputs, router: counting } = countBy((calls) => {
      if (calls === 1) throw new TRPCError({ code: "SERVICE_UNAVAILABLE", message: "come back" });
    });
    await using served = await mount({ router: counting });
    using client = new StockStream(served.url, "numbers");
    await client.over();
    expect(client.values).toEqual(tracks([1, 2, 3, 4, 5, 6]));
    expect(inputs).toEqual([undefined, { lastEventId: "3" }]);
    expect(client.sayings).toContainEqual({
      says: "state",
      state: "connecting",
      code: "SERVICE_UNAVAILABLE",
    });
  });

  test("after silence: it builds a new URL, with the id in the input", { concurrent: true }, async () => {
    const quiet = initTRPC.create({ isDev: false, sse: { client: { reconnectAfterInactivityMs: 600 } } });
    const seen: unknown[] = [];
    const stopped = new Happening("the abort of the first call");
    const numbers = quiet.procedure
      .input(z.object({ lastEventId: z.string().optional() }).optional())
      .subscription(async function* ({ input, signal }) {
        seen.push(input);
        yield tracked(String(seen.length), seen.length);
        if (seen.length > 1) return;
        await aborted(signal);
        stopped.happen();
      });
    await using served = await mount({ router: quiet.router({ numbers }) });
    using client = new StockStream(served.url, "numbers");
    await client.over();
    await stopped.soon();
    expect(client.values).toEqual(tracks([1, 2]));
    expect(seen).toEqual([undefined, { lastEventId: "1" }]);
  });

  test("pings keep it from coming back", { concurrent: true }, async () => {
    const pinged = initTRPC.create({
      isDev: false,
      sse: { client: { reconnectAfterInactivityMs: 1500 }, ping: { enabled: true, intervalMs: 50 } },
    });
    let calls = 0;
    const numbers = pinged.procedure.subscription(async function* () {
      calls += 1;
      await delay(3500);
      yield 1;
    });
    await using served = await mount({ router: pinged.router({ numbers }) });
    using client = new StockStream(served.url, "numbers");
    await client.over();
    expect(client.values).toEqual([1]);
    expect(calls).toBe(1);
  });

  test("a connection that sends ids nobody gave is no harm", async () => {
    const { router: counting } = countBy(() => {});
    await using served = await mount({ router: counting });
    const frames = await readStream(`${served.url}/numbers`, { headers: { "last-event-id": "0" } });
    expect(frames).toEqual([connected, data(1, "1"), data(2, "2"), data(3, "3"), returned]);
  });
});
