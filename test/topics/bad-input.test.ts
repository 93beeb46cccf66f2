import { expect, test } from "vitest";
import { openShop } from "./order.js";
import { describeOnEachTopicStore } from "./stores.js";

describeOnEachTopicStore("bad input of an own topic", (newStore) => {
  test.each([
    ["a missing field of the key", { board: "a" }, { type: "notice.posted", text: "a" }, "floor"],
    [
      "a field too many in the key",
      { board: "a", floor: 1, wing: 2 },
      { type: "notice.posted", text: "a" },
      "wing",
    ],
    ["a key of another type", { board: "a", floor: "1" }, { type: "notice.posted", text: "a" }, "floor"],
    ["an unknown type", { board: "a", floor: 1 }, { type: "notice.lost", text: "a" }, "type"],
    ["a missing field", { board: "a", floor: 1 }, { type: "notice.posted" }, "text"],
    ["a wrong field", { board: "a", floor: 1 }, { type: "notice.posted", text: 7 }, "text"],
    [
      "another key in the event",
      { board: "a", floor: 1 },
      { type: "notice.posted", text: "a", floor: 2 },
      "floor",
    ],
    [
      "a wrong timestamp",
      { board: "a", floor: 1 },
      { type: "notice.posted", text: "a", timestamp: "soon" },
      "timestamp",
    ],
    [
      "what is too large",
      { board: "a", floor: 1 },
      { type: "notice.posted", text: "a".repeat(1_100_000) },
      "large",
    ],
  ])("%s is refused with the field's name", async (_what, key, event, named) => {
    await using shop = await openShop(newStore());
    // @ts-expect-error wrong on purpose
    const refusal: unknown = await shop.notices.publish(key, event).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: "BAD_REQUEST",
      reason: "INPUT_INVALID",
      message: expect.stringContaining(named),
    });
  });
});
