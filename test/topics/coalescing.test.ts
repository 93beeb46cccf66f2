import { setImmediate as nextTurn } from "node:timers/promises";
import { defineTopic } from "@jobwire/shared";
import { memoryStore, openJobwire } from "@jobwire/server/topics";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import type { BatchWriter, FrameSink } from "../../server/src/streams/frame-sink.js";
import { StreamCounts } from "../../server/src/streams/stream-counts.js";

const tick = defineTopic("tick", {
  key: z.object({ clock: z.string() }),
  events: { ticked: z.object({ number: z.number() }) },
});
const key = { clock: "a" };
const count = 40;

/** What a connection is handed: the numbers of each write. */
async function writesOf(coalesceMs: number): Promise<number[][]> {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const ticks = jobwire.topic(tick, { coalesceMs });
  const writes: number[][] = [];
  let isLive = false;
  const writer: BatchWriter = {
    write: ({ frames }) => void writes.push(frames.map(({ offset }) => offset)),
  };
  const sink: FrameSink = {
    ...writer,
    signal: new AbortController().signal,
    counts: new StreamCounts(),
    writeTagged: () => {},
    writeEvent: () => {},
    onFlushed: () => {},
    goLive: () => {
      isLive = true;
      return writer;
    },
    end: () => {},
    fail: (error) => {
      throw error;
    },
    congestion: () => undefined,
  };
  using _delivery = ticks.stream({ ...key, replay: "none" }).deliver(sink);
  await vi.waitFor(() => expect(isLive).toBe(true), { interval: 1 });
  for (let number = 1; number <= count; number++) {
    await ticks.publish(key, { type: "ticked", number });
    await nextTurn();
  }
  await vi.waitFor(() => expect(writes.at(-1)?.at(-1)).toBe(count), { timeout: 10_000 });
  return writes;
}

const numbers = Array.from({ length: count }, (_, index) => index + 1);

test("without a span each turn of the event loop is a write of its own", async () => {
  expect(await writesOf(0)).toEqual(numbers.map((number) => [number]));
});

test("events of a span are written together, all of them and in order", async () => {
  const writes = await writesOf(1000);
  expect(writes.flat()).toEqual(numbers);
  expect(writes.length).toBeLessThan(count / 4);
});

test("a span that is none is refused", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  expect(() => jobwire.topic(tick, { coalesceMs: 2000 })).toThrow(/coalesceMs is 2000; 0 to 1000/);
});
