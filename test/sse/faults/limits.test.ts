import { setTimeout as delay } from "node:timers/promises";
import superjson from "superjson";
import { expect, test } from "vitest";
import { kindsOf } from "../support/frames.js";
import { StockStream } from "../support/stock-client.js";
import { startTopicServer, type TopicServer } from "../support/topic-server.js";
import { fetchText, openStream, send, type WireStream } from "../support/wire-stream.js";
import { eventually } from "../support/waiting.js";

/** Opens so many streams at once: those that got in, and how many did not. */
async function rush(server: TopicServer, users: readonly string[]) {
  const answers = await Promise.all(
    users.map(async (user) => {
      const stream = await openStream(server.streamUrl("topic", { user }));
      if (stream.status === 200) return stream;
      stream.leave();
      return stream.status;
    }),
  );
  const isStream = (answer: WireStream | number): answer is WireStream => typeof answer === "object";
  return { streams: answers.filter(isStream), refused: answers.filter((answer) => !isStream(answer)) };
}

test("one stream too many of a user is a 429 in tRPC's shape that says when to try again", async () => {
  await using server = await startTopicServer({ maxConnectionsPerUser: 2 });
  using first = await openStream(server.streamUrl("topic", { user: "alice" }));
  using second = await openStream(server.streamUrl("topic", { user: "alice" }));
  await Promise.all([first.first(1), second.first(1)]);
  const { status, headers, text } = await fetchText(server.streamUrl("topic", { user: "alice" }));
  expect(status).toBe(429);
  expect(headers).toMatchObject({ "content-type": "application/json", "retry-after": "1" });
  expect(superjson.deserialize((JSON.parse(text) as { error: never }).error)).toEqual({
    message: "You have your 2 streams open; close one first.",
    code: -32029,
    data: { code: "TOO_MANY_REQUESTS", httpStatus: 429, path: "topic" },
  });
  using other = await openStream(server.streamUrl("topic", { user: "bob" }));
  expect(other.status).toBe(200);
});

test("one stream too many for the process is a 429 that costs no context", async () => {
  let contexts = 0;
  const beforeContext = async () => void (contexts += 1);
  await using server = await startTopicServer({ maxConnections: 2, beforeContext });
  const { streams } = await rush(server, ["alice", "bob"]);
  expect(streams).toHaveLength(2);
  expect(contexts).toBe(2);
  const { status, headers, text } = await fetchText(server.streamUrl("topic", { user: "carol" }));
  expect(status).toBe(429);
  expect(headers["retry-after"]).toBe("1");
  expect(text).toContain("TOO_MANY_REQUESTS");
  expect(contexts).toBe(2);
  for (const stream of streams) stream.leave();
});

test("of many that come at once exactly as many get in as there is room, per user and in all", async () => {
  // Contexts take their time, so that all are counted while all are on their way.
  const beforeContext = () => delay(5 + Math.random() * 20);
  await using server = await startTopicServer({
    maxConnections: 25,
    maxConnectionsPerUser: 10,
    beforeContext,
  });
  const users = Array.from({ length: 90 }, (_, index) => ["alice", "bob", "carol"][index % 3] ?? "");
  const { streams, refused } = await rush(server, users);
  expect(streams).toHaveLength(25);
  expect(refused).toEqual(Array.from({ length: 65 }, () => 429));
  expect(server.sse.connectionCount()).toBe(25);
  for (const stream of streams) stream.leave();
  await eventually(() => server.sse.connectionCount()).toBe(0);
  const again = await rush(
    server,
    Array.from({ length: 30 }, () => "alice"),
  );
  expect(again.streams).toHaveLength(10);
  for (const stream of again.streams) stream.leave();
});

test.each<[string, (server: TopicServer, stream: WireStream) => Promise<unknown> | void]>([
  ["its client leaves", (_, stream) => stream.leave()],
  ["it completes", (server) => server.publish("topic", { last: true })],
  ["its connection breaks", (server) => server.server.closeAllConnections()],
  ["its token expires", (_, stream) => stream.ended()],
])("a slot is free again when %s", { timeout: 15_000 }, async (how, end) => {
  await using server = await startTopicServer({ maxConnections: 1 });
  for (let round = 0; round < 3; round++) {
    const user = how === "its token expires" ? `alice:${Date.now() + 100}` : "alice";
    using stream = await openStream(server.streamUrl("topic", { user }));
    expect(stream.status).toBe(200);
    await stream.first(1);
    await end(server, stream);
    await eventually(() => server.sse.connectionCount()).toBe(0);
  }
});

test("a stream that failed, and one that was refused, take no slot", async () => {
  await using server = await startTopicServer({ maxConnections: 1 });
  for (let round = 0; round < 3; round++) {
    using failed = await openStream(`${server.url}/topic?input=%7Bnot`);
    expect(kindsOf(await failed.completed())).toEqual(["connected", "serialized-error"]);
    using stream = await openStream(server.streamUrl("topic"));
    expect(stream.status).toBe(200);
    for (let refusal = 0; refusal < 5; refusal++) {
      expect((await fetchText(server.streamUrl("topic"))).status).toBe(429);
    }
    stream.leave();
    await eventually(() => server.sse.connectionCount()).toBe(0);
  }
});

test("a stream that sends nothing yet counts, and frees its slot", async () => {
  await using server = await startTopicServer({ maxConnections: 1 });
  const silence = await send(`${server.url}/silence`);
  expect(silence.response.statusCode).toBe(200);
  expect((await fetchText(server.streamUrl("topic"))).status).toBe(429);
  silence.request.destroy();
  await eventually(async () => (await rushOne(server)).status).toBe(200);
});

test("the unmodified client is told of a 429 and stops", async () => {
  await using server = await startTopicServer({ maxConnections: 1 });
  using stream = await openStream(server.streamUrl("topic"));
  await stream.first(1);
  using client = new StockStream(server.url, "topic", { topic: "topic" }, { superjson: true });
  expect(await client.over()).toMatchObject([{ says: "error", message: "Non-200 status code (429)" }]);
});

async function rushOne(server: TopicServer): Promise<{ status: number }> {
  using stream = await openStream(server.streamUrl("topic"));
  return { status: stream.status };
}
