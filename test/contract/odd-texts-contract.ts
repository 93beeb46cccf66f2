import { expect, test } from "vitest";
import { accept, newScope } from "./store-fixtures.js";
import type { OpenStore } from "./store-fixtures.js";

export function oddTextsContract(open: OpenStore): void {
  test.each([
    ["the last of all characters", "\u{10ffff}!"],
    ["the first of all characters", "\0!"],
    ["what stands between a key and its text", "\u0001\n\u0001\n"],
  ])("are on one page each, in both orders, when they begin with %s", async (_, text) => {
    await using store = await open();
    const scope = newScope();
    const keys = ["a", "a\u0002", "b", "c"];
    for (const key of keys) {
      const state = { key, set: { text }, index: "all", listedText: "text" };
      await accept(store, { scope, state, events: [] });
    }
    for (const order of ["ascending", "descending"] as const) {
      const listed: string[] = [];
      for (let after: string | null | undefined; after !== null && listed.length <= keys.length;) {
        const page = await store.listStates({
          scope,
          index: "all",
          order,
          limit: 1,
          ...(after !== undefined && { after }),
        });
        listed.push(...page.items.map(({ key }) => key));
        after = page.next;
      }
      expect(listed).toEqual(order === "ascending" ? keys : keys.toReversed());
    }
    expect(await store.countListed({ scope, index: "all" })).toBe(keys.length);
  });

  test("are looked through for half a character, which is not a part of a whole one", async () => {
    await using store = await open();
    const scope = newScope();
    const texts = { whole: "\u{1f600}", half: "\ud83d", other: "text" };
    for (const [key, text] of Object.entries(texts)) {
      const state = { key, set: { text }, index: "all", listedText: "text" };
      await accept(store, { scope, state, events: [] });
    }
    const contains = { field: "text", texts: ["\ud83d"], inKeys: true };
    const { items } = await store.listStates({
      scope,
      index: "all",
      order: "ascending",
      limit: 10,
      contains,
    });
    expect(items.map(({ key }) => key)).toEqual(["half"]);
    expect(await store.countListed({ scope, index: "all", contains })).toBe(1);
  });
}
