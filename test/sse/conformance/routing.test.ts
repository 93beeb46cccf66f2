import { initTRPC, lazy, TRPCError } from "@trpc/server";
import { expect, test } from "vitest";
import { clientOptions, connected, data, errorOf, returned } from "../support/frames.js";
import { describeOnEachHandler } from "../support/handlers.js";
import { StockStream } from "../support/stock-client.js";
import { fetchText, openStream, readStream } from "../support/wire-stream.js";

const { router, procedure } = initTRPC.create({ isDev: false, sse: { client: clientOptions } });

function says(text: string) {
  return procedure.subscription(async function* () {
    yield text;
  });
}

const whole = (text: string) => [connected, data(text), returned];

describeOnEachHandler("paths", ({ mount }) => {
  test("a procedure of a nested router", async () => {
    await using served = await mount({ router: router({ a: router({ b: router({ c: says("abc") }) }) }) });
    expect(await readStream(`${served.url}/a.b.c`)).toEqual(whole("abc"));
  });

  test("a path that is URL-encoded", async () => {
    const odd = router({ "b é": says("spaced"), "b/?#%": says("odd") });
    await using served = await mount({ router: router({ a: odd }) });
    expect(await readStream(`${served.url}/a%2Eb%20%C3%A9`)).toEqual(whole("spaced"));
    expect(await readStream(`${served.url}/a.b%2F%3F%23%25`)).toEqual(whole("odd"));
    using client = new StockStream(served.url, "a.b é");
    expect(await client.firstValues(1)).toEqual(["spaced"]);
  });

  test("lazy routers, one in another, with names that begin alike", async () => {
    const inner = router({ c: says("abc") });
    const lazily = router({ b: lazy(() => Promise.resolve(inner)) });
    const other = router({ b: router({ c: says("aabc") }) });
    const all = router({ a: lazy(() => Promise.resolve(lazily)), aa: lazy(() => Promise.resolve(other)) });
    await using served = await mount({ router: all });
    expect(await readStream(`${served.url}/aa.b.c`)).toEqual(whole("aabc"));
    expect(await readStream(`${served.url}/a.b.c`)).toEqual(whole("abc"));
    expect(await readStream(`${served.url}/a.b.c`)).toEqual(whole("abc"));
  });

  test("a path that merely begins like a lazy router is not found", { timeout: 5000 }, async () => {
    const all = router({ a: lazy(() => Promise.resolve(router({ b: says("ab") }))) });
    await using served = await mount({ router: all });
    expect(await fetchText(`${served.url}/abc`)).toMatchObject({ status: 404 });
    expect(await fetchText(`${served.url}/a.c`)).toMatchObject({ status: 404 });
    expect(await readStream(`${served.url}/a.b`)).toEqual(whole("ab"));
  });

  test("a path separator of the router's own", async () => {
    const { router: tilde, procedure: any } = initTRPC.create({
      isDev: false,
      sse: { client: clientOptions },
      pathSeparator: "~",
    });
    const paths: string[] = [];
    const stream = any.subscription(async function* ({ path }) {
      paths.push(path);
      yield path;
    });
    await using served = await mount({ router: tilde({ a: tilde({ b: stream }) }) });
    expect(await readStream(`${served.url}/a~b`)).toEqual(whole("a.b"));
    expect(await readStream(`${served.url}/a.b`)).toEqual(whole("a.b"));
    using client = new StockStream(served.url, "a.b", undefined, { pathSeparator: "~" });
    expect(await client.firstValues(1)).toEqual(["a.b"]);
    expect(paths).toEqual(["a.b", "a.b", "a.b"]);
  });

  test.each([
    ["/trpc", "/trpc/a.b"],
    ["/trpc/", "/trpc/a.b"],
    ["/api/v1/", "/api/v1/a.b"],
    ["/", "/a.b"],
  ])("a base path %s", async (basePath, path) => {
    await using served = await mount({ router: router({ a: router({ b: says("ab") }) }), basePath });
    const { origin } = new URL(served.url);
    expect(await readStream(`${origin}${path}`)).toEqual(whole("ab"));
  });
});

describeOnEachHandler("what is no subscription", ({ mount }) => {
  const all = router({
    query: procedure.query(() => "asked"),
    mutation: procedure.mutation(() => "changed"),
    stream: says("streamed"),
  });

  test("a query is answered with JSON, whatever the client accepts", async () => {
    await using served = await mount({ router: all });
    const { status, headers, text } = await fetchText(`${served.url}/query`);
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("application/json");
    expect(JSON.parse(text)).toEqual({ result: { data: "asked" } });
  });

  test("an unknown procedure is a 404 in tRPC's shape", async () => {
    await using served = await mount({ router: all });
    for (const path of ["nothing", "stream.more", "", "constructor", "__proto__", "toString.call"]) {
      const { status, text } = await fetchText(`${served.url}/${path}`);
      expect({ path, status }).toEqual({ path, status: 404 });
      expect(JSON.parse(text)).toMatchObject({ error: { data: { code: "NOT_FOUND" } } });
    }
  });

  test("a path whose encoding is malformed is a 400 in tRPC's shape", async () => {
    await using served = await mount({ router: all });
    const { status, text } = await fetchText(`${served.url}/stream%zz`);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ error: { data: { code: "BAD_REQUEST" } } });
  });

  test("a host that is malformed is a 400 in tRPC's shape", async () => {
    await using served = await mount({ router: all });
    const { status, text } = await fetchText(`${served.url}/stream`, { headers: { host: "a b" } });
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ error: { data: { code: "BAD_REQUEST" } } });
  });

  test("a subscription takes GET alone: HEAD is a 204, the others are refused in a stream", async () => {
    await using served = await mount({ router: all });
    expect(await fetchText(`${served.url}/stream`, { method: "HEAD" })).toMatchObject({
      status: 204,
      text: "",
    });
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const headers = { "content-type": "application/json", "content-length": "0" };
      using stream = await openStream(`${served.url}/stream`, { method, headers });
      expect(stream.headers.allow).toBe("GET");
      const frames = await stream.completed();
      expect(errorOf(frames[1])).toMatchObject({ data: { code: "METHOD_NOT_SUPPORTED", httpStatus: 405 } });
    }
  });

  test("a mutation by GET is a 405", async () => {
    await using served = await mount({ router: all });
    expect(await fetchText(`${served.url}/mutation`)).toMatchObject({
      status: 405,
      headers: { allow: "POST" },
    });
  });

  test("subscriptions cannot be batched", async () => {
    await using served = await mount({ router: all });
    for (const path of ["stream?batch=1", "stream,stream?batch=1&input=%7B%7D"]) {
      const { status, text } = await fetchText(`${served.url}/${path}`);
      expect({ path, status }).toEqual({ path, status: 400 });
      expect(JSON.parse(text)).toMatchObject(
        path.split(",").map(() => ({ error: { data: { code: "BAD_REQUEST" } } })),
      );
    }
  });

  test("a lazy router that cannot be loaded is a 500 in tRPC's shape", { timeout: 5000 }, async () => {
    const late = router({ late: lazy(() => Promise.reject(new Error("not there"))) });
    await using served = await mount({ router: late });
    const { status, text } = await fetchText(`${served.url}/late.a`);
    expect(status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ error: { data: { code: "INTERNAL_SERVER_ERROR" } } });
  });

  test("a router may say that it does not stream over SSE", async () => {
    const off = initTRPC.create({ isDev: false, sse: { enabled: false, client: clientOptions } });
    let calls = 0;
    const stream = off.procedure.subscription(async function* () {
      calls += 1;
      yield 1;
    });
    await using served = await mount({ router: off.router({ stream }) });
    const frames = await readStream(`${served.url}/stream`);
    expect(errorOf(frames[1])).toMatchObject({ data: { code: "METHOD_NOT_SUPPORTED" } });
    expect(calls).toBe(0);
  });

  test("errors of calls and of streams have the same shape", async () => {
    const refuse = () => {
      throw new TRPCError({ code: "CONFLICT", message: "taken" });
    };
    const both = router({ ask: procedure.query(refuse), stream: procedure.subscription(refuse) });
    await using served = await mount({ router: both });
    const answer = JSON.parse((await fetchText(`${served.url}/ask`)).text) as { error: object };
    const frames = await readStream(`${served.url}/stream`);
    expect(errorOf(frames[1])).toEqual({
      ...answer.error,
      data: { code: "CONFLICT", httpStatus: 409, path: "stream" },
    });
  });
});
