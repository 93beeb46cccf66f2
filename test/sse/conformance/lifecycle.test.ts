import { setTimeout as delay } from "node:timers/promises";
import { initTRPC, tracked } from "@trpc/server";
import { expect, test } from "vitest";
import { clientOptions, connected, data, kindsOf, ping, returned } from "../support/frames.js";
import { describeOnEachHandler } from "../support/handlers.js";
import { observed } from "../support/observed.js";
import { StockStream } from "../support/stock-client.js";
import { aborted, Happening } from "../support/waiting.js";
import { openStream, readStream, send } from "../support/wire-stream.js";

const { router, procedure } = initTRPC.create({ isDev: false, sse: { client: clientOptions } });

describeOnEachHandler("a client that leaves", ({ mount }) => {
  test("aborts the signal of a procedure that waits, and its cleanup runs", async () => {
    const cleaned = new Happening<boolean>("the cleanup");
    const values = procedure.subscription(async function* ({ signal }) {
      try {
        yield 1;
        await aborted(signal);
      } finally {
        cleaned.happen(signal?.aborted ?? false);
      }
    });
    await using served = await mount({ router: router({ values }) });
    using stream = await openStream(`${served.url}/values`);
    await stream.first(2);
    stream.leave();
    expect(await cleaned.soon()).toBe(true);
  });

  test("aborts the signal of a procedure that has not answered yet", async () => {
    const called = new Happening("the call");
    const stopped = new Happening("the abort");
    const values = procedure.subscription(async ({ signal }) => {
      called.happen();
      await aborted(signal);
      stopped.happen();
      return (async function* () {
        yield 1;
      })();
    });
    await using served = await mount({ router: router({ values }) });
    const opening = openStream(`${served.url}/values`).catch(() => undefined);
    await called.soon();
    served.server.closeAllConnections();
    await stopped.soon();
    await opening;
  });

  test("unsubscribes from an observable", async () => {
    const unsubscribed = new Happening("the end of the subscription");
    const values = observed((observer) => {
      observer.next(1);
      return () => unsubscribed.happen();
    });
    await using served = await mount({ router: router({ values }) });
    using stream = await openStream(`${served.url}/values`);
    await stream.first(2);
    stream.leave();
    await unsubscribed.soon();
  });

  test("and the end of a custom iterator: one that came to its end is not told to return", async () => {
    let count = 0;
    let returns = 0;
    const values = procedure.subscription(() => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => (count++ < 2 ? { done: false, value: count } : { done: true, value: undefined }),
        return: async () => {
          returns += 1;
          return { done: true, value: undefined };
        },
      }),
    }));
    await using served = await mount({ router: router({ values }) });
    expect(await readStream(`${served.url}/values`)).toEqual([connected, data(1), data(2), returned]);
    expect(returns).toBe(0);
  });

  test("an iterator needs no return", async () => {
    let next = 0;
    const values = procedure.subscription(() => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => (next++ < 2 ? { done: false, value: next } : { done: true, value: undefined }),
      }),
    }));
    await using served = await mount({ router: router({ values }) });
    expect(await readStream(`${served.url}/values`)).toEqual([connected, data(1), data(2), returned]);
  });

  test("by unsubscribing aborts the signal too", async () => {
    const stopped = new Happening("the abort");
    const values = procedure.subscription(async function* ({ signal }) {
      yield 1;
      await aborted(signal);
      stopped.happen();
    });
    await using served = await mount({ router: router({ values }) });
    const client = new StockStream(served.url, "values");
    await client.firstValues(1);
    client[Symbol.dispose]();
    await stopped.soon();
  });

  test("that reads slowly makes a generator wait", async () => {
    const text = "x".repeat(65_536);
    let yielded = 0;
    const values = procedure.subscription(async function* ({ signal }) {
      while (!signal?.aborted && yielded < 2000) {
        yielded += 1;
        yield text;
      }
    });
    await using served = await mount({ router: router({ values }) });
    const { request, response } = await send(`${served.url}/values`);
    // As much as fits into the buffers on the way, about 4 MB; 2000 values would be 130 MB.
    response.pause();
    let before: number;
    do {
      before = yielded;
      await delay(200);
    } while (yielded !== before);
    expect(yielded).toBeLessThan(500);
    request.destroy();
  });
});

describeOnEachHandler("streams that the router ends or keeps alive", ({ mount }) => {
  test("after maxDurationMs: the signal aborts and the response ends without return", async () => {
    const stopped = new Happening("the abort");
    const limited = initTRPC.create({ isDev: false, sse: { client: clientOptions, maxDurationMs: 100 } });
    const values = limited.procedure.subscription(async function* ({ signal }) {
      yield 1;
      await aborted(signal);
      stopped.happen();
    });
    await using served = await mount({ router: limited.router({ values }) });
    const start = performance.now();
    expect(await readStream(`${served.url}/values`)).toEqual([connected, data(1)]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(99);
    await stopped.soon();
    expect(served.failures).toEqual([]);
  });

  test("emitAndEndImmediately: the first value and what comes with it, without return", async () => {
    const brief = initTRPC.create({
      isDev: false,
      sse: { client: clientOptions, emitAndEndImmediately: true },
    });
    const streams = brief.router({
      goesOn: brief.procedure.subscription(async function* () {
        yield 1;
        yield 2;
        await delay(100);
        yield 3;
      }),
      ends: brief.procedure.subscription(async function* () {
        yield 1;
      }),
    });
    await using served = await mount({ router: streams });
    expect(await readStream(`${served.url}/goesOn`)).toEqual([connected, data(1), data(2)]);
    expect(await readStream(`${served.url}/ends`)).toEqual([connected, data(1), returned]);
  });

  test("ping: after every interval of silence, and only then", async () => {
    const pinged = initTRPC.create({
      isDev: false,
      sse: { client: clientOptions, ping: { enabled: true, intervalMs: 50 } },
    });
    const values = pinged.procedure.subscription(async function* ({ signal }) {
      yield tracked("a", 1);
      await aborted(signal);
    });
    await using served = await mount({ router: pinged.router({ values }) });
    using stream = await openStream(`${served.url}/values`);
    expect(await stream.first(5)).toEqual([connected, data(1, "a"), ping, ping, ping]);
  });

  test("ping: a second when no interval is given", async () => {
    const pinged = initTRPC.create({ isDev: false, sse: { client: clientOptions, ping: { enabled: true } } });
    const values = pinged.procedure.subscription(({ signal }) =>
      (async function* () {
        await aborted(signal);
        yield 1;
      })(),
    );
    await using served = await mount({ router: pinged.router({ values }) });
    using stream = await openStream(`${served.url}/values`);
    expect(kindsOf(await stream.first(2))).toEqual(["connected", "ping"]);
  });
});

describeOnEachHandler("a ping interval that means never", ({ mount }) => {
  test.each([0, Infinity])("%s", async (intervalMs) => {
    const pinged = initTRPC.create({ isDev: false, sse: { ping: { enabled: true, intervalMs } } });
    const values = pinged.procedure.subscription(async function* () {
      yield 1;
      await delay(100);
      yield 2;
    });
    await using served = await mount({ router: pinged.router({ values }) });
    const frames = await readStream(`${served.url}/values`);
    expect(kindsOf(frames)).toEqual(["connected", "data", "data", "return"]);
  });
});
