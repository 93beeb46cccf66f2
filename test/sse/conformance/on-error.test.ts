import { initTRPC, TRPCError } from "@trpc/server";
import { expect, test } from "vitest";
import { z } from "zod";
import { clientOptions, connected, data, returned } from "../support/frames.js";
import { describeOnEachHandler, type Failure } from "../support/handlers.js";
import { openStream, readStream } from "../support/wire-stream.js";

const { router, procedure } = initTRPC.context<{ user: string }>().create({
  isDev: false,
  sse: { client: clientOptions },
});
const createContext = () => ({ user: "alice" });

/** An error may be told more than once; each time it is the same. */
function distinct(failures: readonly Failure[]) {
  const told = failures.map(({ error, type, path, input, ctx }) => ({
    code: error.code,
    message: error.message,
    type,
    path,
    input,
    ctx,
  }));
  return [...new Map(told.map((failure) => [JSON.stringify(failure), failure])).values()];
}

const streams = router({
  first: procedure.input(z.unknown()).subscription(() => {
    throw new TRPCError({ code: "CONFLICT", message: "first" });
  }),
  later: procedure.input(z.unknown()).subscription(async function* () {
    yield 1;
    throw new Error("later");
  }),
  checked: procedure.input(z.number()).subscription(async function* () {
    yield 1;
  }),
  fine: procedure.subscription(async function* () {
    yield 1;
  }),
});

describeOnEachHandler("onError", ({ mount }) => {
  test.each([
    ["first", "CONFLICT"],
    ["later", "INTERNAL_SERVER_ERROR"],
  ])("is told the error, where it happened, the input and the context: %s", async (path, code) => {
    await using served = await mount({ router: streams, createContext });
    await readStream(`${served.url}/${path}?input=%7B%22a%22%3A1%7D`);
    expect(distinct(served.failures)).toEqual([
      { code, message: path, type: "subscription", path, input: { a: 1 }, ctx: { user: "alice" } },
    ]);
  });

  test("is told of an input that is refused", async () => {
    await using served = await mount({ router: streams, createContext });
    await readStream(`${served.url}/checked?input=%22text%22`);
    expect(distinct(served.failures)).toMatchObject([
      { code: "BAD_REQUEST", type: "subscription", path: "checked", input: "text", ctx: { user: "alice" } },
    ]);
  });

  test("has no context to tell when that is what failed", async () => {
    const noContext = () => Promise.reject(new TRPCError({ code: "UNAUTHORIZED", message: "who?" }));
    await using served = await mount({ router: streams, createContext: noContext });
    await readStream(`${served.url}/fine`);
    expect(distinct(served.failures)).toMatchObject([
      { code: "UNAUTHORIZED", type: "subscription", path: "fine", ctx: undefined },
    ]);
  });

  test("hears nothing of a stream that ends well, nor of a client that leaves", async () => {
    let left = () => {};
    const leaving = new Promise<void>((resolve) => (left = resolve));
    const watched = procedure.subscription(async function* ({ signal }) {
      yield 1;
      await new Promise((_, reject) => {
        signal?.addEventListener("abort", () => {
          reject(signal.reason as Error);
          left();
        });
      });
    });
    await using served = await mount({ router: router({ fine: streams.fine, watched }), createContext });
    expect(await readStream(`${served.url}/fine`)).toEqual([connected, data(1), returned]);
    using stream = await openStream(`${served.url}/watched`);
    await stream.first(2);
    stream.leave();
    await leaving;
    await readStream(`${served.url}/fine`);
    expect(served.failures).toEqual([]);
  });
});
