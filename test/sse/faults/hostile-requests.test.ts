import { once } from "node:events";
import superjson from "superjson";
import { expect, test } from "vitest";
import { errorOf, kindsOf } from "../support/frames.js";
import { framesOf, getText, RawSocket } from "../support/raw-socket.js";
import { startTopicServer, type TopicServer } from "../support/topic-server.js";
import { eventually } from "../support/waiting.js";
import { fetchText, openStream, readStream } from "../support/wire-stream.js";

/** What browsers never send. The answer is clear, the process stays up, and nothing is left behind. */

/** Whether the server still serves, and has nothing open. */
async function expectHealthy(server: TopicServer): Promise<void> {
  const { status, text } = await fetchText(`${server.url}/whoami?user=alice`);
  expect({ status, text }).toEqual({ status: 200, text: '{"result":{"data":{"json":"alice"}}}' });
  await eventually(() => server.sse.connectionCount()).toBe(0);
}

async function closedTopic(server: TopicServer): Promise<string> {
  await server.publish("closed", {}, { last: true });
  return server.streamUrl("closed");
}

const wholeStream = ["connected", "data", "data", "return"];

test.each(["{not", "[", '"', "%", "\u0000", "{}{}"])(
  "an input that is no JSON is a BAD_REQUEST: %s",
  async (text) => {
    await using server = await startTopicServer();
    const frames = await readStream(`${server.url}/topic?input=${encodeURIComponent(text)}`);
    expect(kindsOf(frames)).toEqual(["connected", "serialized-error"]);
    expect(superjson.parse(frames[1]?.data ?? "")).toMatchObject({ data: { code: "BAD_REQUEST" } });
    await expectHealthy(server);
  },
);

test.each([
  "null",
  "7",
  '{"json":7}',
  '{"json":{"topic":7}}',
  '{"json":{},"meta":{"values":{"a.b":["Date"]}}}',
])("an input of another shape is a BAD_REQUEST: %s", async (text) => {
  await using server = await startTopicServer();
  const frames = await readStream(`${server.url}/topic?input=${encodeURIComponent(text)}`);
  expect(kindsOf(frames)).toEqual(["connected", "serialized-error"]);
  expect(errorOf(frames[1])).toMatchObject({ data: { code: "BAD_REQUEST" } });
  await expectHealthy(server);
});

test("an input that tries to reach prototypes is refused or harmless", async () => {
  await using server = await startTopicServer();
  await closedTopic(server);
  const input =
    '{"json":{"topic":"closed","__proto__":{"types":["x"]},"constructor":1},"meta":{"values":{"__proto__.topic":["undefined"]}}}';
  const frames = await readStream(`${server.url}/topic?input=${encodeURIComponent(input)}`);
  expect(["return", "serialized-error"]).toContain(frames.at(-1)?.event);
  expect(({} as { types?: unknown }).types).toBeUndefined();
  await expectHealthy(server);
});

test("a URL of 100 KB is a 431 where Node refuses it, and an answer where it does not", async () => {
  const longUrl = (server: TopicServer) => `${server.streamUrl("closed")}&pad=${"x".repeat(100_000)}`;
  await using server = await startTopicServer();
  await closedTopic(server);
  expect((await fetchText(longUrl(server))).status).toBe(431);
  await expectHealthy(server);
  await using roomy = await startTopicServer({ http: { maxHeaderSize: 262_144 } });
  await closedTopic(roomy);
  expect(kindsOf(await readStream(longUrl(roomy)))).toEqual(wholeStream);
  await expectHealthy(roomy);
});

test("absurd headers are refused by Node or ignored", async () => {
  await using server = await startTopicServer();
  const url = await closedTopic(server);
  using many = await RawSocket.open(server.port);
  many.write(
    getText(url, Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x-${index}`, "v"]))),
  );
  await many.until(/event: return/);
  using large = await RawSocket.open(server.port);
  large.write(getText(url, { cookie: "a".repeat(20_000) }));
  expect(await large.closed()).toMatch(/^HTTP\/1\.1 431 /);
  using twice = await RawSocket.open(server.port);
  twice.write(
    getText(url, {
      "last-event-id": "a:1\r\nLast-Event-ID: b:2",
      accept: "text/html",
      "content-length": "0",
    }),
  );
  await twice.until(/event: (return|serialized-error)/);
  using noHost = await RawSocket.open(server.port);
  noHost.write(`GET ${new URL(url).pathname} HTTP/1.1\r\n\r\n`);
  expect(await noHost.closed()).toMatch(/^HTTP\/1\.1 400 /);
  using badHost = await RawSocket.open(server.port);
  badHost.write(getText(url, { host: "a b:::c/[" }));
  await badHost.until(/^HTTP\/1\.1 (200|400) /);
  await expectHealthy(server);
});

test("HTTP/1.0: no chunks, and the connection ends with the stream", async () => {
  await using server = await startTopicServer();
  using socket = await RawSocket.open(server.port);
  socket.write(getText(await closedTopic(server), {}, "1.0"));
  const answer = await socket.closed();
  expect(answer).not.toMatch(/transfer-encoding/i);
  expect(kindsOf(framesOf(answer))).toEqual(wholeStream);
  await expectHealthy(server);
});

test("Connection: close ends the connection with the stream", async () => {
  await using server = await startTopicServer();
  using socket = await RawSocket.open(server.port);
  socket.write(getText(await closedTopic(server), { connection: "close" }));
  expect(kindsOf(framesOf(await socket.closed()))).toEqual(wholeStream);
});

test("one connection may carry one stream after another, and calls in between", async () => {
  await using server = await startTopicServer();
  using socket = await RawSocket.open(server.port);
  const url = await closedTopic(server);
  for (let round = 1; round <= 3; round++) {
    socket.write(getText(url));
    await socket.until(new RegExp(`(event: return[^]*){${round}}\r\n0\r\n\r\n$`));
    socket.write(getText(`${server.url}/whoami?user=${round}`));
    await socket.until(new RegExp(`"json":"${round}"`));
  }
  await expectHealthy(server);
});

/** An answer that has all of its text: a stream that returned, or a refusal. */
const wholeAnswer = String.raw`HTTP/1\.1 (200 OK[^]*?event: (?:return|complete)[^]*?\r\n0\r\n\r\n|[45]\d\d [^]*?\r\n\r\n)`;

test.each(["tRPC", "plain"])(
  "two streams at once on one connection are answered one after the other: %s",
  async (format) => {
    await using server = await startTopicServer();
    using socket = await RawSocket.open(server.port);
    const url = await closedTopic(server);
    socket.write(getText(format === "plain" ? server.plainUrl("closed") : url).repeat(2));
    await socket.until(new RegExp(`^${wholeAnswer}${wholeAnswer}`));
    socket.socket.end();
    await expectHealthy(server);
  },
);

test("a stream asked for behind one that goes on is answered when that has ended", async () => {
  await using server = await startTopicServer();
  using socket = await RawSocket.open(server.port);
  socket.write(getText(server.streamUrl("open")) + getText(await closedTopic(server)));
  await socket.until(/event: connected/);
  await server.publish("open", { last: true });
  await socket.until(new RegExp(`^${wholeAnswer}${wholeAnswer}`));
  socket.socket.end();
  await expectHealthy(server);
});

test("a stream asked for behind a call is answered after it", async () => {
  await using server = await startTopicServer();
  using socket = await RawSocket.open(server.port);
  socket.write(getText(`${server.url}/whoami?user=alice`) + getText(await closedTopic(server)));
  await socket.until(new RegExp(`"json":"alice"[^]*${wholeAnswer}`));
  socket.socket.end();
  await expectHealthy(server);
});

test("a client that vanishes with requests waiting on its connection leaves nothing", async () => {
  await using server = await startTopicServer();
  using socket = await RawSocket.open(server.port);
  socket.write(getText(server.streamUrl("open")).repeat(20));
  await socket.until(/event: connected/);
  socket.socket.destroy();
  await expectHealthy(server);
  await server.publish("open", {});
  await expectHealthy(server);
});

test.each(["at once", "once it streams"])(
  "a client that closes its half of the connection is let go: %s",
  async (when) => {
    await using server = await startTopicServer({ heartbeatMs: 20 });
    using socket = await RawSocket.open(server.port, { allowHalfOpen: true });
    socket.write(getText(server.streamUrl("open")));
    if (when !== "at once") await socket.until(/event: connected/);
    socket.socket.end();
    await socket.closed();
    await expectHealthy(server);
  },
);

test("garbage after the request ends the connection, nothing else", async () => {
  await using server = await startTopicServer({ heartbeatMs: 20 });
  using socket = await RawSocket.open(server.port);
  using other = await openStream(server.streamUrl("open"));
  socket.write(getText(server.streamUrl("open")));
  await socket.until(/event: connected/);
  socket.write("\u0000\u0001 this is no HTTP\r\n\r\n".repeat(100));
  await socket.closed();
  await server.publish("open", { last: true });
  expect(kindsOf(await other.completed())).toContain("return");
  await expectHealthy(server);
});

test("a body that comes with the request is no harm", async () => {
  await using server = await startTopicServer();
  using socket = await RawSocket.open(server.port);
  socket.write(getText(await closedTopic(server), { "content-length": "5" }) + "hello");
  await socket.until(/event: return/);
  await expectHealthy(server);
});

test("HEAD is answered without a body, POST is refused", async () => {
  await using server = await startTopicServer();
  const url = await closedTopic(server);
  expect(await fetchText(url, { method: "HEAD" })).toMatchObject({ status: 204, text: "" });
  const headers = { "content-type": "application/json" };
  expect((await fetchText(url, { method: "POST", headers })).text).toContain("METHOD_NOT_SUPPORTED");
  await expectHealthy(server);
});

test.each([
  ["an absolute URL", (path: string) => `http://127.0.0.1${path}`],
  ["a slash at the end", (path: string) => path.replace("?", "/?")],
  ["a fragment", (path: string) => path.replace("?", "#?")],
  ["an encoded dot segment", (path: string) => `/%2e${path}`],
])("no spelling of the path gets around the limits: %s", async (_, spell) => {
  await using server = await startTopicServer({ maxConnections: 1 });
  using first = await openStream(server.streamUrl("open"));
  await first.first(1);
  const { pathname, search } = new URL(server.streamUrl("open"));
  using socket = await RawSocket.open(server.port);
  socket.write(`GET ${spell(pathname + search)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  expect(await socket.until(/^HTTP\/1\.1 (\d+)/)).toMatchObject({
    1: expect.stringMatching(/^4(29|04|00)$/),
  });
});

test("a response that has failed already is let go", async () => {
  await using server = await startTopicServer();
  server.server.prependListener("request", (request, response) => {
    if (request.headers["x-broken"]) response.destroy();
  });
  using socket = await RawSocket.open(server.port);
  socket.write(getText(server.streamUrl("open"), { "x-broken": "1" }));
  await once(socket.socket, "close");
  await expectHealthy(server);
});
