import { beforeAll, describe, expect, test } from "vitest";
import { remainsOf } from "../../support/remains.js";
import type { Remains } from "../support/vanish-process.js";

describe("ten thousand clients that connect and vanish, two thousand at a time", () => {
  let remains: Remains;
  beforeAll(async () => {
    remains = await remainsOf("test/sse/support/vanish-process.ts");
  }, 120_000);

  test("streams were opened at all, and none ended otherwise than by its client", () => {
    expect(remains.opened).toBeGreaterThan(1000);
    expect(remains.closes).toEqual({ client: remains.opened });
  });

  test("leave no stream, no socket, no hub and no timer", () => {
    expect(remains).toMatchObject({ streams: 0, sockets: 0, listeners: 0 });
    // The HTTP server's own check of its connections is one.
    expect(remains.timers).toBeLessThanOrEqual(1);
  });

  test("leave no memory: the heap after the last wave is that after the second", () => {
    const [, second = 0, ...later] = remains.heapBytes;
    const grownPerClient = ((later.at(-1) ?? 0) - second) / (2000 * later.length);
    expect(grownPerClient).toBeLessThan(250);
  });
});
