import { initTRPC, TRPCError } from "@trpc/server";
import { expect, test } from "vitest";
import { clientOptions, connected, data, errorOf, kindsOf, returned } from "../support/frames.js";
import { describeOnEachHandler, type ContextOptions, type MountOptions } from "../support/handlers.js";
import { openStream, readStream } from "../support/wire-stream.js";

const { router, procedure } = initTRPC.context<{ user: string }>().create({
  isDev: false,
  sse: { client: clientOptions },
});
const createContext = () => ({ user: "alice" });

const streams = router({
  fine: procedure.subscription(async function* () {
    yield 1;
  }),
  refused: procedure.subscription(() => {
    throw new TRPCError({ code: "CONFLICT", message: "taken" });
  }),
});

type ResponseMeta = NonNullable<MountOptions["responseMeta"]>;

describeOnEachHandler("status and headers", ({ mount }) => {
  test("an event stream that nobody on the way may buffer, store or transform", async () => {
    await using served = await mount({ router: streams, createContext });
    using stream = await openStream(`${served.url}/fine`);
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "transfer-encoding": "chunked",
      vary: "trpc-accept, accept",
    });
    await stream.completed();
  });

  test("an error before the first value is a 200 all the same", async () => {
    await using served = await mount({ router: streams, createContext });
    using stream = await openStream(`${served.url}/refused`);
    expect(stream.status).toBe(200);
    expect(stream.headers["content-type"]).toBe("text/event-stream");
  });

  test.each<[string, ReturnType<ResponseMeta>]>([
    ["a record", { status: 203, headers: { "x-one": "1", "Set-Cookie": ["a=1", "b=2"] } }],
    [
      "Headers",
      {
        status: 203,
        headers: new Headers([
          ["x-one", "1"],
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
        ]),
      },
    ],
  ])("responseMeta gives the status and headers as %s", async (_, meta) => {
    await using served = await mount({ router: streams, createContext, responseMeta: () => meta });
    using stream = await openStream(`${served.url}/fine`);
    expect(stream.status).toBe(203);
    expect(stream.headers).toMatchObject({ "x-one": "1", "set-cookie": ["a=1", "b=2"] });
    expect(await stream.completed()).toEqual([connected, data(1), returned]);
  });

  test("what responseMeta adds to vary is added", async () => {
    const responseMeta = () => ({ headers: new Headers({ vary: "origin" }) });
    await using served = await mount({ router: streams, createContext, responseMeta });
    using stream = await openStream(`${served.url}/fine`);
    expect(stream.headers.vary?.split(/, */).toSorted()).toEqual(["accept", "origin", "trpc-accept"]);
  });

  test.each(["fine", "refused"])(
    "responseMeta is asked once, and told what it is about: %s",
    async (path) => {
      const asked: Parameters<ResponseMeta>[0][] = [];
      const responseMeta: ResponseMeta = (about) => {
        asked.push(about);
        return {};
      };
      await using served = await mount({ router: streams, createContext, responseMeta });
      await readStream(`${served.url}/${path}`);
      expect(asked).toHaveLength(1);
      expect(asked[0]).toMatchObject({
        type: "subscription",
        paths: [path],
        data: [],
        errors: [],
        eagerGeneration: true,
        ctx: { user: "alice" },
        info: { type: "subscription", calls: [{ path }] },
      });
    },
  );

  test("a responseMeta that throws is answered, and harms nobody else", { timeout: 5000 }, async () => {
    let isBroken = true;
    const responseMeta = () => {
      if (isBroken) throw new Error("no meta");
      return {};
    };
    await using served = await mount({ router: streams, createContext, responseMeta });
    using stream = await openStream(`${served.url}/fine`);
    await stream.ended();
    // A 500 as tRPC's handler gives it, or a stream that says so.
    expect(stream.status === 500 || kindsOf(stream.frames).includes("serialized-error")).toBe(true);
    isBroken = false;
    expect(await readStream(`${served.url}/fine`)).toEqual([connected, data(1), returned]);
  });

  test("headers that were set before, by a middleware or the context, stay", async () => {
    const withHeaders = ({ res }: ContextOptions) => {
      res.setHeader("set-cookie", ["session=1", "theme=dark"]);
      res.setHeader("access-control-allow-origin", "https://app.example.com");
      return { user: "alice" };
    };
    await using served = await mount({ router: streams, createContext: withHeaders });
    using stream = await openStream(`${served.url}/fine`);
    expect(stream.headers).toMatchObject({
      "set-cookie": ["session=1", "theme=dark"],
      "access-control-allow-origin": "https://app.example.com",
      "content-type": "text/event-stream",
    });
  });

  test("a status that was set before stays", async () => {
    const withStatus = ({ res }: ContextOptions) => {
      res.statusCode = 203;
      return { user: "alice" };
    };
    await using served = await mount({ router: streams, createContext: withStatus });
    using stream = await openStream(`${served.url}/fine`);
    expect(stream.status).toBe(203);
  });
});

describeOnEachHandler("what contexts are told", ({ mount }) => {
  test("the call, its path and type, the URL and a signal", async () => {
    const infos: ContextOptions["info"][] = [];
    const inputs: unknown[] = [];
    const observe = async ({ info }: ContextOptions) => {
      infos.push(info);
      inputs.push(info.calls[0]?.result(), await info.calls[0]?.getRawInput(), info.calls[0]?.result());
      return { user: "alice" };
    };
    await using served = await mount({ router: streams, createContext: observe });
    await readStream(`${served.url}/fine?input=%7B%22a%22%3A1%7D&x=1`);
    expect(infos).toMatchObject([
      {
        type: "subscription",
        isBatchCall: false,
        accept: null,
        connectionParams: null,
        calls: [{ path: "fine", batchIndex: 0, procedure: streams.fine }],
      },
    ]);
    expect(infos[0]?.url?.pathname).toBe("/fine");
    expect(infos[0]?.url?.searchParams.get("x")).toBe("1");
    expect(infos[0]?.signal).toBeInstanceOf(AbortSignal);
    expect(inputs).toEqual([undefined, { a: 1 }, { a: 1 }]);
  });

  test("the URL as the client wrote it, with its host", async () => {
    const urls: (URL | null)[] = [];
    const observe = ({ info }: ContextOptions) => {
      urls.push(info.url);
      return { user: "alice" };
    };
    await using served = await mount({ router: streams, createContext: observe });
    await readStream(`${served.url}/fine`, { headers: { host: "tenant.example.com:8080" } });
    expect(urls.map(String)).toEqual(["http://tenant.example.com:8080/fine"]);
  });

  test("connectionParams", async () => {
    const params: unknown[] = [];
    const observe = ({ info }: ContextOptions) => {
      params.push(info.connectionParams);
      return { user: "alice" };
    };
    await using served = await mount({ router: streams, createContext: observe });
    for (const value of [{ token: "é ☃ &=#" }, {}, null]) {
      const text = encodeURIComponent(JSON.stringify(value));
      expect(await readStream(`${served.url}/fine?connectionParams=${text}`)).toHaveLength(3);
    }
    expect(params).toEqual([{ token: "é ☃ &=#" }, {}, null]);
  });

  test("an error formatter that throws is answered, and harms nobody else", { timeout: 5000 }, async () => {
    let isBroken = true;
    const broken = initTRPC.create({
      isDev: false,
      sse: { client: clientOptions },
      errorFormatter: ({ shape }) => {
        if (isBroken) throw new Error("no shape");
        return shape;
      },
    });
    const stream = broken.procedure.subscription(() => {
      throw new TRPCError({ code: "CONFLICT", message: "taken" });
    });
    await using served = await mount({ router: broken.router({ stream }) });
    using first = await openStream(`${served.url}/stream`);
    await first.ended();
    isBroken = false;
    const frames = await readStream(`${served.url}/stream`);
    expect(errorOf(frames.at(-1))).toMatchObject({ message: "taken" });
  });
});
