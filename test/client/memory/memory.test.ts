import { beforeAll, describe, expect, test } from "vitest";
import { remainsOf } from "../../support/remains.js";
import type { Remains } from "./link-process.js";

describe("100,000 reconnects and 10,000 streams that come and go", () => {
  let remains: Remains;
  beforeAll(async () => {
    remains = await remainsOf("test/client/memory/link-process.ts");
  }, 240_000);

  test("leave no timer, no listener and no socket", () => {
    expect(remains).toMatchObject({ listeners: 0, timers: 0, sockets: 0, connectionState: "idle" });
  });

  test("leave no memory: the heap at the end is that after two fifths", () => {
    const { heapOfReconnects, heapOfSocketReconnects, heapOfVisits } = remains;
    expect(grownBytes(heapOfReconnects) / 90_000).toBeLessThan(10);
    expect(grownBytes(heapOfSocketReconnects) / 10_000).toBeLessThan(100);
    expect(grownBytes(heapOfVisits) / 10_000).toBeLessThan(100);
  });
});

function grownBytes(heapBytes: readonly number[]): number {
  const [, second = 0, ...later] = heapBytes;
  expect(later).toHaveLength(3);
  return (later.at(-1) ?? 0) - second;
}
