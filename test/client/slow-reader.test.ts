import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createConnectionMonitor } from "../../client/src/connection-state.js";
import { EventIterator } from "../../client/src/event-iterator.js";
import { openStream } from "../../client/src/open-stream.js";
import superjson from "superjson";
import { startTopicServer, type TopicEvent } from "../sse/support/topic-server.js";
import { eventually } from "../sse/support/waiting.js";

test(
  "a reader that stalls is left the rest by the server, and then reads every event once",
  { timeout: 60_000 },
  async () => {
    await using server = await startTopicServer({ maxBufferedBytes: 65_536, retryMs: 1 });
    const stream = openStream(
      { url: `${server.url}/`, monitor: createConnectionMonitor(), backoff: { baseMs: 1, capMs: 1 } },
      {
        path: "topic",
        input: { topic: "x" },
        transformer: { input: superjson, output: superjson },
        pathSeparator: ".",
      },
      null,
    );
    await using events = new EventIterator<TopicEvent>(stream);
    await server.publish("x", {});
    const numbers = [(await events.next()).value?.number];
    const total = 20_001;
    // More than the sockets on the way can hold.
    for (let published = 1; published < total; published += 500) {
      await server.publish("x", ...Array.from({ length: 500 }, () => ({ text: "x".repeat(2000) })));
      await nextTurn();
    }
    await eventually(() => server.closes).toEqual(["slow"]);
    while (numbers.length < total) numbers.push((await events.next()).value?.number);
    expect(numbers).toEqual(Array.from({ length: total }, (_, index) => index + 1));
  },
);
