import { initTRPC } from "@trpc/server";
import { expect, test } from "vitest";
import { jobwireHandler, type ContextOptions } from "../support/handlers.js";
import { startTopicServer, type TopicServerOptions } from "../support/topic-server.js";
import { fetchText } from "../support/wire-stream.js";

/** What the user's code asks for cannot be sent: the stream ends, its slot is free, and the process goes on. */

test.each<[string, TopicServerOptions]>([
  ["an end that is no date", { identify: async () => ({ userId: "a", expiresAt: new Date(NaN) }) }],
  ["a header with a line break", { responseMeta: () => ({ headers: { "x-a": "a\nb" } }) }],
  ["a status that is none", { responseMeta: () => ({ status: 99 }) }],
])("%s is a 500, whatever there was to send", async (_, options) => {
  const told: string[] = [];
  const onError = ({ error }: { readonly error: Error }) => told.push(error.message);
  await using server = await startTopicServer({ ...options, onError, maxConnections: 1 });
  await server.publish("ended", {}, { last: true });
  const urls = [
    server.streamUrl("quiet"),
    server.streamUrl("ended"),
    server.streamUrl("ended", { types: ["none"] }),
    `${server.url}/topic?input=%7Bnot`,
  ];
  for (const url of urls) expect(await fetchText(url)).toMatchObject({ status: 500, text: "" });
  expect(told).toHaveLength(urls.length);
});

test.each(["a stream", "a plain one"])("a response that others have begun breaks off: %s", async (kind) => {
  await using server = await startTopicServer({ maxConnections: 1 });
  const url = kind === "a stream" ? server.streamUrl("topic") : server.plainUrl("topic");
  server.server.prependListener("request", (_request, response) => response.writeHead(200).write("begun"));
  for (let round = 0; round < 2; round++) await expect(fetchText(url)).rejects.toThrow("aborted");
});

test.each(["a stream", "a plain one"])(
  "a response that others have given stays as it is: %s",
  async (kind) => {
    await using server = await startTopicServer({ maxConnections: 1 });
    const url = kind === "a stream" ? server.streamUrl("topic") : server.plainUrl("topic");
    server.server.prependListener("request", (_request, response) => response.writeHead(401).end("no"));
    for (let round = 0; round < 2; round++)
      expect(await fetchText(url)).toMatchObject({ status: 401, text: "no" });
  },
);

const { router, procedure } = initTRPC.create({ isDev: false });
const streams = router({
  fine: procedure.subscription(async function* () {
    yield 1;
  }),
});

test("a context that answers itself and throws has answered, and onError hears why", async () => {
  const createContext = ({ res }: ContextOptions) => {
    res.writeHead(401).end("no");
    throw new Error("nobody");
  };
  await using served = await jobwireHandler.mount({ router: streams, createContext });
  expect(await fetchText(`${served.url}/fine`)).toMatchObject({ status: 401, text: "no" });
  expect(served.failures.map(({ error }) => error.message)).toEqual(["nobody"]);
});

test("a context that leaves a phrase that cannot be sent is a 500", async () => {
  const createContext = ({ res }: ContextOptions) => {
    res.statusMessage = "a\nb";
    return {};
  };
  await using served = await jobwireHandler.mount({ router: streams, createContext });
  expect(await fetchText(`${served.url}/fine`)).toMatchObject({ status: 500, text: "" });
});
