import { expect, test } from "vitest";
import { remainsOf } from "../support/remains.js";
import type { CrowdRemains } from "./crowd-process.js";

test(
  "twelve thousand streams of four thousand topics that went through faults and left leave no memory, listener or timer",
  { timeout: 90_000 },
  async () => {
    const { heldBytes, ...remains } = await remainsOf<CrowdRemains>("test/streams/crowd-process.ts");
    // Of five streams one leaves at once; of five that stay one leaves before it is told of the gap.
    expect(remains).toEqual({
      streams: 12_000,
      events: 2 * 9_600 + 7_680,
      gaps: 7_680,
      listeners: 0,
      timers: 0,
    });
    const [first = 0, last = Infinity] = heldBytes;
    const grownPerStream = (last - first) / 6_000;
    expect(grownPerStream).toBeLessThan(50);
  },
);
