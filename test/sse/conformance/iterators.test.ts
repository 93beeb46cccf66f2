import { initTRPC, tracked } from "@trpc/server";
import { expect, test } from "vitest";
import { clientOptions, connected, data, errorOf, kindsOf, returned } from "../support/frames.js";
import { describeOnEachHandler } from "../support/handlers.js";
import { aborted, Happening } from "../support/waiting.js";
import { openStream, readStream } from "../support/wire-stream.js";

/** Iterators that no generator is: they answer without a promise, or lack what they need not have. */

const { router, procedure } = initTRPC.create({ isDev: false, sse: { client: clientOptions } });

/** What a procedure may return by the letter of the language, and TypeScript would not have. */
interface LooseIterator {
  next(): unknown;
  return?: unknown;
}

function streamOf(open: (signal: AbortSignal | undefined) => LooseIterator) {
  return procedure.subscription(({ signal }) => {
    const iterator = open(signal);
    return { [Symbol.asyncIterator]: () => iterator } as unknown as AsyncIterable<unknown>;
  });
}

/** Answers with these, one after the other, and then that it is done. */
function answering(...values: unknown[]): () => IteratorResult<unknown> {
  let position = 0;
  return () =>
    position < values.length ? { done: false, value: values[position++] } : { done: true, value: undefined };
}

describeOnEachHandler("an iterator that answers without a promise", ({ mount }) => {
  test("is read to its end", async () => {
    const values = streamOf(() => ({ next: answering(1, tracked("a", 2), null) }));
    await using served = await mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/values`);
    expect(frames.slice(0, 3)).toEqual([connected, data(1), data(2, "a")]);
    expect(frames.at(-1)).toEqual(returned);
  });

  test("may answer with a promise now and then", async () => {
    const next = answering(1, 2, 3, 4);
    let calls = 0;
    const values = streamOf(() => ({ next: () => (calls++ % 2 === 0 ? next() : Promise.resolve(next())) }));
    await using served = await mount({ router: router({ values }) });
    expect(await readStream(`${served.url}/values`)).toEqual([
      connected,
      ...[1, 2, 3, 4].map((value) => data(value)),
      returned,
    ]);
  });

  test("may answer with another kind of promise", async () => {
    const next = answering("one");
    const values = streamOf(() => ({
      // oxlint-disable-next-line unicorn/no-thenable -- what libraries of promises give
      next: () => ({ then: (resolve: (result: unknown) => void) => resolve(next()) }),
    }));
    await using served = await mount({ router: router({ values }) });
    expect(await readStream(`${served.url}/values`)).toEqual([connected, data("one"), returned]);
  });

  test("is done by anything that counts as true", async () => {
    const values = streamOf(() => ({ next: () => ({ done: 1 }) }));
    await using served = await mount({ router: router({ values }) });
    expect(await readStream(`${served.url}/values`)).toEqual([connected, returned]);
  });

  test.each([undefined, null])("answers with %s: an error, and it is not told to return", async (answer) => {
    let returns = 0;
    const values = streamOf(() => ({ next: () => answer, return: () => (returns += 1) }));
    await using served = await mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/values`);
    expect(kindsOf(frames)).toEqual(["connected", "serialized-error"]);
    expect(errorOf(frames[1])).toMatchObject({ data: { code: "INTERNAL_SERVER_ERROR" } });
    expect(returns).toBe(0);
  });

  test("gives a value that is a promise: nobody waits for it", async () => {
    const values = streamOf(() => ({ next: answering(Promise.resolve(5), 6) }));
    await using served = await mount({ router: router({ values }) });
    expect(await readStream(`${served.url}/values`)).toEqual([connected, data({}), data(6), returned]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
    ["rejects", () => Promise.reject(new Error("broken"))],
  ] as const)("and then %s: it is told, and the iterator is not", async (_, fail) => {
    const next = answering(1);
    let calls = 0;
    let returns = 0;
    const values = streamOf(() => ({
      next: () => (calls++ === 0 ? next() : fail()),
      return: () => (returns += 1),
    }));
    await using served = await mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/values`);
    expect(kindsOf(frames)).toEqual(["connected", "data", "serialized-error"]);
    expect(errorOf(frames[2]).message).toBe("broken");
    expect(returns).toBe(0);
  });

  test("is told once when its reader leaves, and may answer that without a promise too", async () => {
    const told = new Happening<number>("the return");
    let returns = 0;
    const values = streamOf((signal) => {
      const next = answering(1);
      let calls = 0;
      return {
        next: () => (calls++ === 0 ? next() : aborted(signal).then(() => ({ done: false, value: 2 }))),
        return: () => {
          told.happen((returns += 1));
          return { done: true };
        },
      };
    });
    await using served = await mount({ router: router({ values }) });
    using stream = await openStream(`${served.url}/values`);
    await stream.first(2);
    stream.leave();
    expect(await told.soon()).toBe(1);
    expect(served.failures).toEqual([]);
  });

  test("needs no return, also when its reader leaves", async () => {
    const stopped = new Happening("the abort");
    const values = streamOf((signal) => {
      const next = answering(1);
      let calls = 0;
      void aborted(signal).then(() => stopped.happen());
      return { next: () => (calls++ === 0 ? next() : aborted(signal).then(next)) };
    });
    await using served = await mount({ router: router({ values }) });
    using stream = await openStream(`${served.url}/values`);
    await stream.first(2);
    stream.leave();
    await stopped.soon();
    expect(served.failures).toEqual([]);
  });
});
