import { initTRPC, tracked, TRPCError, type TRPC_ERROR_CODE_KEY } from "@trpc/server";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import superjson from "superjson";
import { expect, test } from "vitest";
import { z } from "zod";
import { clientOptions, connected, data, errorOf, kindsOf } from "../support/frames.js";
import { describeOnEachHandler } from "../support/handlers.js";
import { observed } from "../support/observed.js";
import { StockStream } from "../support/stock-client.js";
import { openStream, readStream } from "../support/wire-stream.js";

const sse = { client: clientOptions };
const { router, procedure } = initTRPC.create({ isDev: false, sse });

const codes = Object.keys(TRPC_ERROR_CODES_BY_KEY) as TRPC_ERROR_CODE_KEY[];
/** The client connects again after these, without limit. Source: `retryableRpcCodes` of tRPC. */
const retriedCodes: readonly TRPC_ERROR_CODE_KEY[] = [
  "INTERNAL_SERVER_ERROR",
  "NOT_IMPLEMENTED", // it has the number of INTERNAL_SERVER_ERROR
  "BAD_GATEWAY",
  "SERVICE_UNAVAILABLE",
  "GATEWAY_TIMEOUT",
];

const failing = router({
  first: procedure.input(z.enum(codes)).subscription(({ input: code }) => {
    throw new TRPCError({ code, message: `first ${code}` });
  }),
  later: procedure.input(z.enum(codes)).subscription(async function* ({ input: code }) {
    yield 1;
    yield tracked("two", 2);
    throw new TRPCError({ code, message: `later ${code}` });
  }),
});

function pathOf(name: string, input: unknown): string {
  return `${name}?input=${encodeURIComponent(JSON.stringify(input))}`;
}

describeOnEachHandler("errors of every code", ({ mount }) => {
  test.each(codes)("%s before the first value is a serialized error and nothing else", async (code) => {
    await using served = await mount({ router: failing });
    const frames = await readStream(`${served.url}/${pathOf("first", code)}`);
    expect(frames).toHaveLength(2);
    expect(frames[0]).toEqual(connected);
    expect(errorOf(frames[1])).toEqual({
      message: `first ${code}`,
      code: TRPC_ERROR_CODES_BY_KEY[code],
      data: { code, httpStatus: expect.any(Number), path: "first" },
    });
  });

  test.each(codes)("%s after some values comes after them, and nothing follows", async (code) => {
    await using served = await mount({ router: failing });
    const frames = await readStream(`${served.url}/${pathOf("later", code)}`);
    expect(frames.slice(0, -1)).toEqual([connected, data(1), data(2, "two")]);
    expect(errorOf(frames.at(-1))).toMatchObject({ message: `later ${code}`, data: { code, path: "later" } });
  });

  test.each(codes.filter((code) => !retriedCodes.includes(code)))(
    "%s ends the subscription",
    async (code) => {
      await using served = await mount({ router: failing });
      using client = new StockStream(served.url, "later", code);
      expect(await client.over()).toEqual([
        { says: "started" },
        { says: "data", data: 1 },
        { says: "data", data: { id: "two", data: 2 } },
        { says: "error", code, message: `later ${code}` },
      ]);
    },
  );

  test.each(retriedCodes)("after %s the client connects again", { concurrent: true }, async (code) => {
    let calls = 0;
    const twice = procedure.subscription(async function* () {
      calls += 1;
      if (calls === 1) throw new TRPCError({ code, message: "not now" });
      yield "now";
    });
    await using served = await mount({ router: router({ twice }) });
    using client = new StockStream(served.url, "twice");
    await client.over();
    expect(client.values).toEqual(["now"]);
    expect(calls).toBe(2);
    expect(client.sayings).toContainEqual({ says: "state", state: "connecting", code });
  });
});

describeOnEachHandler("errors of other kinds", ({ mount }) => {
  test.each<[string, unknown, string]>([
    ["an Error", new TypeError("a type error"), "a type error"],
    ["a string", "just text", "just text"],
    ["undefined", undefined, "INTERNAL_SERVER_ERROR"],
    ["an object", { message: "not an error" }, "not an error"],
  ])("%s that is thrown is an INTERNAL_SERVER_ERROR", async (_, thrown, message) => {
    const values = procedure.subscription(async function* () {
      yield 1;
      throw thrown;
    });
    await using served = await mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/values`);
    expect(kindsOf(frames)).toEqual(["connected", "data", "serialized-error"]);
    expect(errorOf(frames[2])).toMatchObject({ message, data: { code: "INTERNAL_SERVER_ERROR" } });
  });

  test("an abort of something else ends the stream without a word, so that the client comes back", async () => {
    const values = procedure.subscription(async function* () {
      yield 1;
      // What fetch throws when the signal it was given aborts.
      throw new DOMException("This operation was aborted", "AbortError");
    });
    await using served = await mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/values`);
    expect(kindsOf(frames)).toEqual(["connected", "data"]);
  });

  test("an observable that errors gives its error after its values", async () => {
    const values = observed((observer) => {
      observer.next(1);
      observer.error(new TRPCError({ code: "CONFLICT", message: "two" }));
    });
    await using served = await mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/values`);
    expect(kindsOf(frames)).toEqual(["connected", "data", "serialized-error"]);
    expect(errorOf(frames[2])).toMatchObject({ message: "two", data: { code: "CONFLICT" } });
  });

  test("a procedure that returns no stream is an INTERNAL_SERVER_ERROR", async () => {
    const values = procedure.subscription((() => ({ not: "a stream" })) as never);
    await using served = await mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/values`);
    expect(kindsOf(frames)).toEqual(["connected", "serialized-error"]);
    expect(errorOf(frames[1])).toMatchObject({ data: { code: "INTERNAL_SERVER_ERROR" } });
    expect(errorOf(frames[1]).message).toMatch(/^Subscription values did not return an observable or a/);
  });

  test("a value that is no JSON is an INTERNAL_SERVER_ERROR, and the procedure is told to stop", async () => {
    let stopped = () => {};
    const stop = new Promise<void>((resolve) => (stopped = resolve));
    const values = procedure.subscription(async function* () {
      try {
        yield 1;
        yield 2n;
        yield 3;
      } finally {
        stopped();
      }
    });
    await using served = await mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/values`);
    expect(kindsOf(frames)).toEqual(["connected", "data", "serialized-error"]);
    expect(errorOf(frames[2])).toMatchObject({ data: { code: "INTERNAL_SERVER_ERROR" } });
    await stop;
  });

  test("an input that is not what the schema says is a BAD_REQUEST, and the procedure is not called", async () => {
    let calls = 0;
    const values = procedure.input(z.object({ count: z.number() })).subscription(async function* () {
      calls += 1;
      yield 1;
    });
    await using served = await mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/${pathOf("values", { count: "many" })}`);
    expect(kindsOf(frames)).toEqual(["connected", "serialized-error"]);
    expect(errorOf(frames[1])).toMatchObject({ code: -32600, data: { code: "BAD_REQUEST", path: "values" } });
    expect(calls).toBe(0);
    using client = new StockStream(served.url, "values", { count: "many" });
    expect(await client.over()).toMatchObject([{ says: "started" }, { says: "error", code: "BAD_REQUEST" }]);
  });

  test("an input that is no JSON is a BAD_REQUEST", async () => {
    const values = procedure.input(z.unknown()).subscription(async function* () {
      yield 1;
    });
    await using served = await mount({ router: router({ values }) });
    const frames = await readStream(`${served.url}/values?input=%7Bnot`);
    expect(kindsOf(frames)).toEqual(["connected", "serialized-error"]);
    expect(errorOf(frames[1])).toMatchObject({ data: { code: "BAD_REQUEST", path: "values" } });
  });

  test("a middleware that throws before the procedure, and one that throws after it", async () => {
    let calls = 0;
    const before = procedure.use(() => {
      throw new TRPCError({ code: "FORBIDDEN", message: "not you" });
    });
    const after = procedure.use(async ({ next }) => {
      await next();
      throw new TRPCError({ code: "PAYMENT_REQUIRED", message: "not yet" });
    });
    const stream = async function* () {
      calls += 1;
      yield 1;
    };
    await using served = await mount({
      router: router({ before: before.subscription(stream), after: after.subscription(stream) }),
    });
    const [, refused] = await readStream(`${served.url}/before`);
    expect(errorOf(refused)).toMatchObject({ message: "not you", data: { code: "FORBIDDEN" } });
    const [, unpaid] = await readStream(`${served.url}/after`);
    expect(errorOf(unpaid)).toMatchObject({ message: "not yet", data: { code: "PAYMENT_REQUIRED" } });
    expect(calls).toBe(0);
  });

  test.each([
    ["a TRPCError", new TRPCError({ code: "UNAUTHORIZED", message: "who are you?" }), "UNAUTHORIZED"],
    ["an Error", new Error("no database"), "INTERNAL_SERVER_ERROR"],
  ])("a context that cannot be made with %s is an error of the stream", async (_, error, code) => {
    const values = procedure.subscription(async function* () {
      yield 1;
    });
    const createContext = () => Promise.reject(error);
    await using served = await mount({ router: router({ values }), createContext });
    const frames = await readStream(`${served.url}/values`);
    expect(kindsOf(frames)).toEqual(["connected", "serialized-error"]);
    expect(errorOf(frames[1])).toMatchObject({ message: error.message, data: { code, path: "values" } });
  });

  test("the error formatter sees the error, the input and the context, and has the last word", async () => {
    const formatted = initTRPC.context<{ user: string }>().create({
      isDev: false,
      sse,
      transformer: superjson,
      errorFormatter: ({ shape, error, path, input, ctx, type }) => ({
        ...shape,
        message: `${type} ${path} of ${ctx?.user}: ${error.message}`,
        data: { ...shape.data, input, at: new Date(0) },
      }),
    });
    const values = formatted.procedure.input(z.number()).subscription(async function* () {
      yield 1;
      throw new TRPCError({ code: "CONFLICT", message: "taken" });
    });
    const createContext = () => ({ user: "alice" });
    await using served = await mount({ router: formatted.router({ values }), createContext });
    const input = encodeURIComponent(superjson.stringify(7));
    using stream = await openStream(`${served.url}/values?input=${input}`);
    const frames = await stream.completed();
    expect(superjson.parse(frames.at(-1)?.data ?? "")).toEqual({
      message: "subscription values of alice: taken",
      code: -32009,
      data: { code: "CONFLICT", httpStatus: 409, path: "values", input: 7, at: new Date(0) },
    });
  });
});
