import { expect, test } from "vitest";
import { kindsOf } from "../support/frames.js";
import { startTopicServer } from "../support/topic-server.js";
import { openStream, readStream } from "../support/wire-stream.js";
import { eventually } from "../support/waiting.js";

/** Callbacks that throw are a mistake of whoever wrote them: streams do not suffer for it. */

function fail(): never {
  throw new Error("an observer that fails");
}

test("an onClose that throws when a client leaves harms nobody", async () => {
  await using server = await startTopicServer({ onClose: fail });
  const streams = await Promise.all(Array.from({ length: 5 }, () => openStream(server.streamUrl("topic"))));
  await Promise.all(streams.map((stream) => stream.first(1)));
  streams[1]?.leave();
  await eventually(() => server.sse.connectionCount()).toBe(4);
  await server.publish("topic", {});
  for (const [index, stream] of streams.entries()) {
    if (index !== 1) expect(kindsOf(await stream.first(2))).toEqual(["connected", "data"]);
    stream.leave();
  }
  await eventually(() => server.sse.connectionCount()).toBe(0);
});

test("an onClose that throws when a topic ends keeps nobody from the end", async () => {
  await using server = await startTopicServer({ onClose: fail });
  const streams = await Promise.all(Array.from({ length: 5 }, () => openStream(server.streamUrl("topic"))));
  await Promise.all(streams.map((stream) => stream.first(1)));
  await server.publish("topic", {}, { last: true });
  for (const stream of streams) {
    expect(kindsOf(await stream.completed())).toEqual(["connected", "data", "data", "return"]);
  }
  expect(server.sse.connectionCount()).toBe(0);
});

test("an onError that throws keeps nobody from being told of the error", async () => {
  await using server = await startTopicServer({ onError: fail });
  const frames = await readStream(`${server.url}/topic?input=%7Bnot`);
  expect(kindsOf(frames)).toEqual(["connected", "serialized-error"]);
  expect(server.sse.connectionCount()).toBe(0);
});
