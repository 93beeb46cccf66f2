import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { initTRPC, tracked } from "@trpc/server";
import { describe, expect, test } from "vitest";
import { data, kindsOf } from "../support/frames.js";
import { jobwireHandler } from "../support/handlers.js";
import { aborted, Happening } from "../support/waiting.js";
import { fetchText, openStream, readStream, send } from "../support/wire-stream.js";

/** Iterators that always have an answer at once and for ever, with a reader that takes all there is. */

const { router, procedure } = initTRPC.create({
  isDev: false,
  sse: { ping: { enabled: true, intervalMs: 50 }, client: { reconnectAfterInactivityMs: 1000 } },
});

/** Should it keep the process for itself after all, the test is to fail, not to hang. */
const patienceMs = 15_000;

interface Endless {
  /** Values given so far. */
  given: number;
  /** Told to stop, or not asked any more. */
  readonly ended: Happening;
}

const result = (value: unknown) => ({ done: false, value });
const iterableOf = (iterator: object) =>
  ({ [Symbol.asyncIterator]: () => iterator }) as unknown as AsyncIterable<unknown>;

type Open = (next: () => unknown, ended: () => void) => AsyncIterable<unknown>;

const kinds: readonly [string, Open][] = [
  [
    "whose next returns a value and no promise",
    (next, ended) => iterableOf({ next: () => result(next()), return: () => ended() }),
  ],
  [
    "whose next returns a promise that is settled",
    (next, ended) => iterableOf({ next: async () => result(next()), return: async () => ended() }),
  ],
  [
    "that is a generator",
    async function* (next, ended) {
      try {
        for (;;) yield next();
      } finally {
        ended();
      }
    },
  ],
  [
    "that passes a generator of another on",
    async function* (next, ended) {
      try {
        yield* (function* () {
          for (;;) yield next();
        })();
      } finally {
        ended();
      }
    },
  ],
];

describe.each(kinds)("an iterator %s", (_, open) => {
  test.each([
    ["small", (count: number) => count],
    ["tracked", (count: number) => tracked(String(count), count)],
    ["large", () => "x".repeat(100_000)],
  ])("leaves others their turn: values that are %s", { timeout: 2 * patienceMs }, async (_size, valueOf) => {
    const startedAtMs = performance.now();
    const endless: Endless = { given: 0, ended: new Happening("the end of the iterator") };
    const next = () => {
      if (performance.now() - startedAtMs > patienceMs) throw new Error("It was never stopped.");
      return valueOf(++endless.given);
    };
    const routed = router({
      endless: procedure.subscription(() => open(next, () => endless.ended.happen())),
      quiet: procedure.subscription(async function* ({ signal }) {
        await aborted(signal);
        yield 1;
      }),
      ask: procedure.query(() => "answered"),
    });
    await using served = await jobwireHandler.mount({ router: routed });
    using quiet = await openStream(`${served.url}/quiet`);
    const reader = readAll(`${served.url}/endless`);
    await once(reader, "message");
    const { text } = await fetchText(`${served.url}/ask`);
    expect(JSON.parse(text)).toEqual({ result: { data: "answered" } });
    expect(kindsOf(await quiet.first(3))).toEqual(["connected", "ping", "ping"]);
    await reader.terminate();
    await endless.ended.soon();
    expect(served.failures).toEqual([]);
  });
});

describe("an iterator without return that answers at once", () => {
  test("is not asked any more once its reader has left", { timeout: 2 * patienceMs }, async () => {
    const left = new Happening("the abort");
    let given = 0;
    const values = procedure.subscription(({ signal }) => {
      void aborted(signal).then(() => left.happen());
      return iterableOf({ next: () => result((given += 1)) });
    });
    await using served = await jobwireHandler.mount({ router: router({ values }) });
    const reader = readAll(`${served.url}/values`);
    await once(reader, "message");
    await reader.terminate();
    await left.soon();
    const atEnd = given;
    await fetchText(`${served.url}/nothing`);
    expect(given).toBe(atEnd);
  });

  test("waits for a reader that takes nothing", async () => {
    let given = 0;
    const values = procedure.subscription(() =>
      iterableOf({ next: () => result("x".repeat(65_536 + (++given % 2))) }),
    );
    await using served = await jobwireHandler.mount({ router: router({ values }) });
    const { request, response } = await send(`${served.url}/values`);
    response.pause();
    // As much as fits into the buffers on the way, and then no more: a request in between sees the same number twice.
    let before: number;
    do {
      before = given;
      for (let asked = 0; asked < 20; asked++) await fetchText(`${served.url}/nothing`);
    } while (given !== before);
    expect(given).toBeLessThan(500);
    request.destroy();
  });

  test.each([7, "text", true])("and answers with no result but %s: an error", async (answer) => {
    const values = procedure.subscription(() => iterableOf({ next: () => answer }));
    await using served = await jobwireHandler.mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/values`);
    expect(kindsOf(frames)).toEqual(["connected", "serialized-error"]);
    expect(frames[1]?.data).toContain(`Iterator result ${answer} is not an object`);
  });

  test("the first values are there at once with emitAndEndImmediately, and that is all", async () => {
    const brief = initTRPC.create({ isDev: false, sse: { emitAndEndImmediately: true } });
    let given = 0;
    const values = brief.procedure.subscription(() => iterableOf({ next: () => result((given += 1)) }));
    await using served = await jobwireHandler.mount({ router: brief.router({ values }) });
    const frames = await readStream(`${served.url}/values`);
    expect(frames[1]).toEqual(data(1));
    expect(kindsOf(frames)).not.toContain("return");
  });
});

/** A reader with a thread of its own, which takes all there is as fast as it comes; it says so once. */
function readAll(url: string): Worker {
  return new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
     require("node:http").get(workerData, (response) => {
       let bytes = 0;
       response.on("data", (chunk) => {
         const before = bytes;
         bytes += chunk.length;
         if (before < 1_000_000 && bytes >= 1_000_000) parentPort.postMessage("much");
       });
     }).on("error", () => {});`,
    { eval: true, workerData: url },
  );
}
