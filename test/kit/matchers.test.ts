import "@jobwire/client/testing/vitest";
import { describe, expect, test } from "vitest";

describe("toHaveContiguousIds", () => {
  test("takes ids of one log that follow each other", () => {
    expect(["e:7", "e:8", "e:9"]).toHaveContiguousIds();
    expect({ ids: ["e:1"] }).toHaveContiguousIds();
  });

  test.each([
    ["a hole", ["e:1", "e:2", "e:5"], "after e:2 came e:5: 2 missing"],
    ["a repetition", ["e:1", "e:1"], "after e:1 came e:1"],
    ["a step back", ["e:2", "e:1"], "after e:2 came e:1"],
    ["another log", ["e:1", "f:2"], "after e:1 came f:2, which is of another log"],
    ["what is no id", ["e:1", "two"], "two is no id of an event"],
    ["nothing", [], "there are none"],
  ])("refuses %s and says where", (_, ids, fault) => {
    expect(() => expect(ids).toHaveContiguousIds()).toThrow(`Expected contiguous ids, but ${fault}.`);
    expect(ids).not.toHaveContiguousIds();
  });
});

describe("toEndWith", () => {
  const events = [{ type: "a", at: new Date(0) }, { type: "b" }, { type: "c", more: 1 }];

  test("compares the fields that are given, in order, and no others", () => {
    expect(events).toEndWith({ type: "c" });
    expect({ events }).toEndWith({ type: "b" }, { more: expect.any(Number) });
    expect(events).toEndWith({ at: new Date(0) }, {}, {});
  });

  test.each([
    ["another order", [{ type: "c" }, { type: "b" }]],
    ["another value", [{ type: "c", more: 2 }]],
    ["more events than there are", [{}, {}, {}, {}]],
  ])("refuses %s", (_, expected) => {
    expect(events).not.toEndWith(...expected);
  });

  test("shows both ends when they differ", () => {
    expect(() => expect(events).toEndWith({ type: "b" })).toThrow(
      'Expected the events to end with\n  {"type":"b"}\nThey end with\n  {"type":"c","more":1}',
    );
  });
});
