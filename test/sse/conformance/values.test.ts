import { initTRPC, tracked } from "@trpc/server";
import superjson from "superjson";
import { expect, test } from "vitest";
import { clientOptions, connected, data, dataText, returned, superjsonData } from "../support/frames.js";
import { describeOnEachHandler } from "../support/handlers.js";
import { observed } from "../support/observed.js";
import { StockStream } from "../support/stock-client.js";
import { readStream } from "../support/wire-stream.js";

const sse = { client: clientOptions };
const { router, procedure } = initTRPC.create({ isDev: false, sse });
const rich = initTRPC.create({ isDev: false, sse, transformer: superjson });

/** A subscription that yields these values and returns. */
function streamOf(...values: unknown[]) {
  return procedure.subscription(async function* () {
    yield* values;
  });
}

describeOnEachHandler("values on the wire", ({ mount }) => {
  test("connected comes first, then each value as JSON, then return", async () => {
    await using served = await mount({ router: router({ values: streamOf(1, "two", { three: [3] }) }) });
    expect(await readStream(`${served.url}/values`)).toEqual([
      connected,
      data(1),
      data("two"),
      data({ three: [3] }),
      returned,
    ]);
  });

  test("a generator that yields nothing is connected and returns", async () => {
    await using served = await mount({ router: router({ values: streamOf() }) });
    expect(await readStream(`${served.url}/values`)).toEqual([connected, returned]);
  });

  test("what a generator returns is not sent", async () => {
    const values = procedure.subscription(async function* () {
      yield "yielded";
      return "returned" as unknown as void;
    });
    await using served = await mount({ router: router({ values }) });
    expect(await readStream(`${served.url}/values`)).toEqual([connected, data("yielded"), returned]);
  });

  test("a tracked value carries its id", async () => {
    const values = streamOf(tracked("a", 1), tracked("é: 2 ☃", { two: true }), tracked("3", null));
    await using served = await mount({ router: router({ values }) });
    expect(await readStream(`${served.url}/values`)).toEqual([
      connected,
      data(1, "a"),
      data({ two: true }, "é: 2 ☃"),
      data(null, "3"),
      returned,
    ]);
  });

  test("empty values are values", async () => {
    await using served = await mount({ router: router({ values: streamOf(null, "", 0, false, [], {}) }) });
    expect(await readStream(`${served.url}/values`)).toEqual([
      connected,
      ...[null, "", 0, false, [], {}].map((value) => data(value)),
      returned,
    ]);
  });

  test("undefined without a transformer is the text undefined", async () => {
    await using served = await mount({ router: router({ values: streamOf(undefined) }) });
    expect(await readStream(`${served.url}/values`)).toEqual([connected, dataText("undefined"), returned]);
  });

  test("superjson carries what JSON cannot, undefined and null too", async () => {
    const values = [new Date(0), new Map([["a", 1n]]), undefined, null, "", new Set([1]), /x/g];
    const stream = rich.procedure.subscription(async function* () {
      yield* values;
      yield tracked("last", { at: new Date(1) });
    });
    await using served = await mount({ router: rich.router({ values: stream }) });
    expect(await readStream(`${served.url}/values`)).toEqual([
      connected,
      ...values.map((value) => superjsonData(value)),
      superjsonData({ at: new Date(1) }, "last"),
      returned,
    ]);
  });

  test.each([
    ["line breaks", "a\nb\r\nc\rd\n\n"],
    ["frames of its own", "\n\nevent: return\ndata: \n\nid: 7\nretry: 1\n: comment"],
    ["line separators and a byte order mark", "\u2028\u2029\uFEFF\u0085"],
    ["characters beyond the basic plane", "🏗️ 建 é 𝒳 👩‍👩‍👧"],
    ["half a surrogate pair", "\uD83C"],
    ["control characters", "\u0000\u0001\u001F\u007F"],
  ])("a string with %s arrives as it is", async (_, text) => {
    await using served = await mount({ router: router({ values: streamOf(text, { [text]: [text] }) }) });
    const frames = await readStream(`${served.url}/values`);
    expect(frames).toEqual([connected, data(text), data({ [text]: [text] }), returned]);
    using client = new StockStream(served.url, "values");
    await client.over();
    expect(client.values).toEqual([text, { [text]: [text] }]);
  });

  test("values of a megabyte and more arrive whole, one after another", async () => {
    const texts = [1, 3, 1, 8].map((megabytes, index) => `${index}${"é".repeat(megabytes * 524_288)}`);
    await using served = await mount({ router: router({ values: streamOf(...texts) }) });
    const frames = await readStream(`${served.url}/values`);
    // Compared one by one: a difference of megabytes is nothing to print.
    expect(frames).toHaveLength(texts.length + 2);
    for (const [index, text] of texts.entries()) {
      expect(frames[index + 1]?.data === JSON.stringify(text), `value ${index}`).toBe(true);
    }
    expect(frames.at(-1)).toEqual(returned);
  });

  test("five thousand values at once arrive in order", async () => {
    const numbers = Array.from({ length: 5000 }, (_, index) => index);
    await using served = await mount({ router: router({ values: streamOf(...numbers) }) });
    const frames = await readStream(`${served.url}/values`);
    expect(frames).toEqual([connected, ...numbers.map((number) => data(number)), returned]);
  });

  test("a value without an id does not take over the id of the one before", async () => {
    const values = streamOf("untracked", tracked("a", "tracked"), "untracked", tracked("b", "tracked"));
    await using served = await mount({ router: router({ values }) });
    using client = new StockStream(served.url, "values");
    await client.over();
    expect(client.values).toEqual([
      "untracked",
      { id: "a", data: "tracked" },
      "untracked",
      { id: "b", data: "tracked" },
    ]);
  });

  test("a value without an id leaves the client at the id it had", async () => {
    await using served = await mount({ router: router({ values: streamOf(tracked("a", 1), 2) }) });
    expect(await readStream(`${served.url}/values`)).toEqual([
      connected,
      data(1, "a"),
      data(2, ""),
      { event: "restore-id", id: "a", data: "" },
      returned,
    ]);
  });

  test("a value without an id leaves the client at the id it came back with", async () => {
    await using served = await mount({ router: router({ values: streamOf(1) }) });
    expect(await readStream(`${served.url}/values`, { headers: { "last-event-id": "z" } })).toEqual([
      connected,
      data(1, ""),
      { event: "restore-id", id: "z", data: "" },
      returned,
    ]);
  });
});

describeOnEachHandler("what the unmodified client is told", ({ mount }) => {
  test("started, the values, complete; and of its connection: connecting, pending, idle", async () => {
    await using served = await mount({ router: router({ values: streamOf(1, tracked("a", 2)) }) });
    using client = new StockStream(served.url, "values");
    await client.over();
    expect(client.sayings).toEqual([
      { says: "state", state: "connecting" },
      { says: "started" },
      { says: "state", state: "pending" },
      { says: "data", data: 1 },
      { says: "data", data: { id: "a", data: 2 } },
      { says: "state", state: "idle" },
      { says: "complete" },
    ]);
  });

  test("with superjson: the values as they were yielded", async () => {
    const values = [new Date(0), new Map([["a", 1n]]), undefined, null, ""];
    const stream = rich.procedure.subscription(async function* () {
      yield* values;
    });
    await using served = await mount({ router: rich.router({ values: stream }) });
    using client = new StockStream(served.url, "values", undefined, { superjson: true });
    await client.over();
    expect(client.values).toEqual(values);
  });

  test("undefined without a transformer is an error, for it is no JSON", async () => {
    const values = procedure.subscription(async function* ({ signal }) {
      yield undefined;
      // The client gives up here; should a return follow at once, it throws where nobody can catch it.
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
    });
    await using served = await mount({ router: router({ values }) });
    using client = new StockStream(served.url, "values");
    expect(await client.over()).toMatchObject([{ says: "started" }, { says: "error" }]);
  });
});

describeOnEachHandler("observables", ({ mount }) => {
  test("what an observable emits arrives, and it completes", async () => {
    const values = observed((observer) => {
      observer.next("at once");
      const timer = setImmediate(() => {
        observer.next({ later: true });
        observer.complete();
      });
      return () => clearImmediate(timer);
    });
    await using served = await mount({ router: router({ values }) });
    expect(await readStream(`${served.url}/values`)).toEqual([
      connected,
      data("at once"),
      data({ later: true }),
      returned,
    ]);
  });

  test("an observable may emit tracked values", async () => {
    const values = observed((observer) => {
      observer.next(tracked("a", 1));
      observer.next(tracked("b", 2));
      observer.complete();
    });
    await using served = await mount({ router: router({ values }) });
    expect(await readStream(`${served.url}/values`)).toEqual([
      connected,
      data(1, "a"),
      data(2, "b"),
      returned,
    ]);
  });
});
