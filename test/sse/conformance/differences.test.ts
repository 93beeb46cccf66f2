import { initTRPC, TRPCError } from "@trpc/server";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { connected, data, errorOf, kindsOf, returned, valuesOf } from "../support/frames.js";
import {
  jobwireHandler,
  trpcHandler,
  type HandlerUnderTest,
  type MountOptions,
} from "../support/handlers.js";
import { openStream, readStream } from "../support/wire-stream.js";

/** What Jobwire's handler does otherwise than tRPC's own, each on purpose and each side by side. */

const { router, procedure } = initTRPC.create({ isDev: false });

const streams = router({
  fine: procedure.subscription(async function* () {
    yield 1;
  }),
  refused: procedure.input(z.unknown()).subscription(() => {
    throw new TRPCError({ code: "CONFLICT", message: "taken" });
  }),
});

/** What each of the two says to the same request. */
async function ask<Answer>(
  options: MountOptions,
  look: (url: string, mounted: Awaited<ReturnType<HandlerUnderTest["mount"]>>) => Promise<Answer>,
) {
  const answerOf = async (handler: HandlerUnderTest) => {
    await using mounted = await handler.mount(options);
    return await look(mounted.url, mounted);
  };
  return { trpc: await answerOf(trpcHandler), jobwire: await answerOf(jobwireHandler) };
}

/** What a procedure is told to continue after. */
function lastEventIdOf(header: string) {
  const echo = procedure.input(z.object({ lastEventId: z.string() })).subscription(async function* (call) {
    yield call.input.lastEventId;
  });
  return ask({ router: router({ echo }) }, async (url) => {
    const frames = await readStream(`${url}/echo`, { headers: { "last-event-id": header } });
    return valuesOf(frames.slice(1, 2))[0];
  });
}

describe("on purpose otherwise than tRPC's own handler", () => {
  test("a stream begins with the time after which a broken connection is to be made again", async () => {
    const retries = await ask({ router: streams }, async (url) => {
      using stream = await openStream(`${url}/fine`);
      await stream.completed();
      return stream.retries;
    });
    expect(retries.trpc).toEqual([]);
    expect(retries.jobwire).toEqual([expect.any(Number)]);
    expect(retries.jobwire[0]).toBeGreaterThanOrEqual(1000);
    expect(retries.jobwire[0]).toBeLessThanOrEqual(2000);
  });

  test("a router that says nothing about it gets heartbeats, and clients that miss three of them come back", async () => {
    const first = await ask({ router: streams }, async (url) => (await readStream(`${url}/fine`))[0]);
    expect(first.trpc).toEqual({ ...connected, data: "{}" });
    expect(first.jobwire).toEqual({ ...connected, data: '{"reconnectAfterInactivityMs":45000}' });
  });

  test("onError hears once of an error before the first value", async () => {
    const codes = await ask({ router: streams }, async (url, { failures }) => {
      await readStream(`${url}/refused`);
      return failures.map(({ error }) => error.code);
    });
    expect(codes).toEqual({ trpc: ["CONFLICT", "CONFLICT"], jobwire: ["CONFLICT"] });
  });

  test("an input that is no JSON is explained in the same words everywhere, without what the parser says", async () => {
    const errors = await ask({ router: streams }, async (url) => {
      const frames = await readStream(`${url}/refused?input=%7Bnot`);
      return errorOf(frames[1]);
    });
    expect(errors.trpc).toMatchObject({ data: { code: "BAD_REQUEST" } });
    expect(errors.trpc.message).toMatch(/JSON/);
    expect(errors.jobwire).toEqual({
      ...errors.trpc,
      message: "The query parameter input is not valid JSON.",
    });
  });

  test.each(["%7Bnot", "%22text%22", "%7B%22token%22%3A1%7D"])(
    "connectionParams that are malformed are told in the stream, so that the client can say why: %s",
    async (text) => {
      const answers = await ask({ router: streams }, async (url) => {
        using stream = await openStream(`${url}/fine?connectionParams=${text}`);
        const frames = await stream.completed();
        return {
          status: stream.status,
          kinds: kindsOf(frames),
          error: frames[1] && errorOf(frames[1]).data.code,
        };
      });
      expect(answers.trpc).toEqual({ status: 400, kinds: [], error: undefined });
      expect(answers.jobwire).toEqual({
        status: 200,
        kinds: ["connected", "serialized-error"],
        error: "PARSE_ERROR",
      });
    },
  );

  test("emitAndEndImmediately does not wait for a generator that goes on", async () => {
    const brief = initTRPC.create({ isDev: false, sse: { emitAndEndImmediately: true } });
    const order: string[] = [];
    const values = brief.procedure.subscription(async function* () {
      yield 1;
      await new Promise((resolve) => setTimeout(resolve, 200));
      order.push("generator");
    });
    await ask({ router: brief.router({ values }) }, async (url) => {
      await readStream(`${url}/values`);
      order.push("response");
    });
    expect(order.slice(0, 3)).toEqual(["generator", "response", "response"]);
  });

  test.each([
    ["UTF-8, as an EventSource sends it", "é ☃", "é ☃"],
    ["UTF-8 of other scripts", "日本語-Ω-ж", "日本語-Ω-ж"],
    ["UTF-8 beyond the basic plane", "🏗️ 建", "🏗️ 建"],
    ["UTF-8 with a byte order mark", "\uFEFFx", "\uFEFFx"],
    ["UTF-8 of what is percent-encoded", "a%20é%", "a%20é%"],
  ])("Last-Event-ID is %s", async (_, id, expected) => {
    const header = Buffer.from(id).toString("latin1");
    expect(await lastEventIdOf(header)).toEqual({ trpc: header, jobwire: expected });
  });

  test.each([
    ["ASCII", "a:1 b\tc"],
    ["Latin-1", "café"],
    ["Latin-1 that begins as UTF-8 does", "é\u0083"],
    ["half of a character", "\u00e6\u0097"],
    ["half of a surrogate pair, which is no UTF-8", "\u00ed\u00a0\u0080"],
    ["a longer spelling of ASCII, which is no UTF-8", "\u00c0\u00af"],
  ])("Last-Event-ID is what was sent where it is no UTF-8: %s", async (_, header) => {
    expect(await lastEventIdOf(header)).toEqual({ trpc: header, jobwire: header });
  });

  test("the frames are the same otherwise", async () => {
    const frames = await ask({ router: streams }, async (url) => (await readStream(`${url}/fine`)).slice(1));
    expect(frames).toEqual({ trpc: [data(1), returned], jobwire: [data(1), returned] });
  });
});
