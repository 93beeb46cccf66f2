import { expect, test } from "vitest";
import { heldBufferBytes } from "../support/collect-garbage.js";
import { CountingReader } from "../support/counting-reader.js";
import { Progress } from "../support/progress.js";
import { startTopicServer } from "../support/topic-server.js";
import { openStream, type WireFrame } from "../support/wire-stream.js";
import { eventually } from "../support/waiting.js";

/** What a replay has sent is in the store and in the client: the server keeps none of it. */

const megabyte = 1_048_576;
const text = "x".repeat(900);

test("a long log that was replayed to somebody is not kept", { timeout: 60_000 }, async () => {
  await using server = await startTopicServer();
  for (let count = 0; count < 20_000; count += 500) {
    await server.publish("long", ...Array.from({ length: 500 }, () => ({ text })));
  }
  // Keeps the topic open; nothing is published any more.
  using idle = await openStream(server.streamUrl("long", { start: "newest" }));
  await idle.first(1);
  const before = await heldBufferBytes();
  const progress = new Progress();
  const reader = await CountingReader.open(server.streamUrl("long"), progress);
  await progress.until(() => reader.offset === 20_000);
  reader[Symbol.dispose]();
  await eventually(() => server.sse.connectionCount()).toBe(1);
  expect(((await heldBufferBytes()) - before) / megabyte).toBeLessThan(8);
});

test(
  "clients that come back from everywhere, with every filter, leave nothing behind",
  { timeout: 60_000 },
  async () => {
    await using server = await startTopicServer();
    const types = ["a", "b", "c"];
    const events = Array.from({ length: 250 }, (_, index) => ({ type: types[index % 3] ?? "a", text }));
    await server.publish("topic", ...events);
    using idle = await openStream(server.streamUrl("topic"));
    const frames: readonly WireFrame[] = await idle.first(251);
    const filters = [undefined, ["a"], ["b"], ["c"], ["a", "b"], ["a", "c"], ["b", "c"]];
    const before = await heldBufferBytes();
    for (const filter of filters) {
      for (const { id = "" } of frames.slice(1, -3).filter((_, at) => at % 2 === 0)) {
        using stream = await openStream(
          server.streamUrl("topic", { lastEventId: id, ...(filter && { types: filter }) }),
        );
        await stream.first(2);
      }
    }
    await eventually(() => server.sse.connectionCount()).toBe(1);
    expect(((await heldBufferBytes()) - before) / megabyte).toBeLessThan(8);
  },
);
