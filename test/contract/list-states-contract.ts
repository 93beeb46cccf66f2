import { expect, test } from "vitest";
import type { StateQuery, Store } from "../../server/src/store/store.js";
import { accept, eventually, newScope } from "./store-fixtures.js";
import type { OpenStore } from "./store-fixtures.js";

const keys = ["a", "b", "c", "d", "e"];

export function listStatesContract(open: OpenStore): void {
  test("lists the states of an index ascending and descending by key, whatever the order they came in", async () => {
    await using store = await open();
    const scope = newScope();
    for (const key of ["c", "a", "e", "b", "d"]) await write(store, scope, key);
    const items = keys.map((key) => ({ key, state: { name: key } }));
    expect(await list(store, { scope })).toEqual({ items, next: null, gone: [], isLost: false });
    expect(await list(store, { scope, order: "descending" })).toEqual({
      items: items.toReversed(),
      next: null,
      gone: [],
      isLost: false,
    });
  });

  test.each(["ascending", "descending"] as const)("is paged with `next` as `after`, %s", async (order) => {
    await using store = await open();
    const scope = newScope();
    for (const key of keys) await write(store, scope, key);
    for (const limit of [1, 2, 3, 4, 5, 6]) {
      const pages = await pagesOf(store, { scope, order, limit });
      expect(pages.flat()).toEqual(order === "ascending" ? keys : keys.toReversed());
      expect(pages.map(({ length }) => length)).toEqual(sizesOf(keys.length, limit));
    }
  });

  test("continues after a key that is not listed", async () => {
    await using store = await open();
    const scope = newScope();
    for (const key of keys) await write(store, scope, key);
    expect(keysOf(await list(store, { scope, after: "bb" }))).toEqual(["c", "d", "e"]);
    expect(keysOf(await list(store, { scope, after: "bb", order: "descending" }))).toEqual(["b", "a"]);
    expect(keysOf(await list(store, { scope, after: "zz" }))).toEqual([]);
  });

  test("is empty where nothing was written", async () => {
    await using store = await open();
    expect(await list(store, { scope: newScope() })).toEqual({
      items: [],
      next: null,
      gone: [],
      isLost: false,
    });
  });

  test("lists a key once and with its state of now, however often it was written", async () => {
    await using store = await open();
    const scope = newScope();
    for (const name of ["first", "second"]) {
      await accept(store, { scope, state: { key: "k", set: { name }, index: "all" }, events: [] });
    }
    await accept(store, { scope, state: { key: "k", set: { more: "yes" } }, events: [] });
    expect((await list(store, { scope })).items).toEqual([
      { key: "k", state: { name: "second", more: "yes" } },
    ]);
  });

  test("keeps a state that is written again while others are found to have expired", async () => {
    await using store = await open();
    for (let questions = 0; questions < 4; questions++) {
      const scope = newScope();
      await write(store, scope, "k", 1);
      await gone(store, scope, ["k"]);
      const listing = list(store, { scope });
      // The state comes back between the steps of the listing.
      for (let question = 0; question < questions; question++) await store.readState({ scope, key: "k" });
      await write(store, scope, "k");
      await listing;
      expect(keysOf(await list(store, { scope }))).toEqual(["k"]);
    }
  });

  test("keeps indexes and scopes apart, and leaves out what was written without the index", async () => {
    await using store = await open();
    const [scope, other] = [newScope(), newScope()];
    await write(store, scope, "mine");
    await write(store, other, "theirs");
    await accept(store, {
      scope,
      state: { key: "elsewhere", set: { a: "1" }, index: "another" },
      events: [],
    });
    await accept(store, { scope, state: { key: "nowhere", set: { a: "1" } }, events: [] });
    expect(keysOf(await list(store, { scope }))).toEqual(["mine"]);
    expect(keysOf(await list(store, { scope, index: "another" }))).toEqual(["elsewhere"]);
  });

  test("lists a state under each of its indexes, until it is dropped from them", async () => {
    await using store = await open();
    const scope = newScope();
    const indexes = ["all", "some"];
    const state = { key: "k", set: { name: "k" }, index: indexes };
    const listed = () =>
      Promise.all(indexes.map(async (index) => keysOf(await list(store, { scope, index }))));
    await accept(store, { scope, state, events: [] });
    expect(await listed()).toEqual([["k"], ["k"]]);
    await accept(store, { scope, state, events: [], retainMs: 0 });
    expect(await listed()).toEqual([[], []]);
  });

  test("leaves out what was dropped at once", async () => {
    await using store = await open();
    const scope = newScope();
    for (const key of keys) await write(store, scope, key);
    for (const key of ["a", "c", "e"]) await write(store, scope, key, 0);
    expect(keysOf(await list(store, { scope }))).toEqual(["b", "d"]);
    expect((await pagesOf(store, { scope, limit: 1 })).flat()).toEqual(["b", "d"]);
  });

  test.each(["ascending", "descending"] as const)(
    "leaves out what has expired, on pages of any size, %s",
    async (order) => {
      await using store = await open();
      for (const limit of [1, 2, 3, 10]) {
        const scope = newScope();
        for (const key of keys) await write(store, scope, key, "ace".includes(key) ? 1 : undefined);
        await gone(store, scope, ["a", "c", "e"]);
        expect((await pagesOf(store, { scope, order, limit })).flat()).toEqual(
          order === "ascending" ? ["b", "d"] : ["d", "b"],
        );
      }
    },
  );

  test.each([0, 1])(
    "leaves out what was dropped after %i ms by a commit that does not name the index",
    async (retainMs) => {
      await using store = await open();
      const scope = newScope();
      for (const key of keys) await write(store, scope, key);
      await accept(store, { scope, state: { key: "c", set: { name: "last words" } }, events: [], retainMs });
      await gone(store, scope, ["c"]);
      expect(await list(store, { scope })).toMatchObject({
        items: ["a", "b", "d", "e"].map((key) => ({ key })),
      });
      expect((await pagesOf(store, { scope, limit: 2 })).flat()).toEqual(["a", "b", "d", "e"]);
    },
  );

  test("lists a key again that is written again after it was dropped", async () => {
    await using store = await open();
    const scope = newScope();
    await write(store, scope, "k");
    await write(store, scope, "k", 0);
    expect(keysOf(await list(store, { scope }))).toEqual([]);
    await write(store, scope, "k");
    expect(keysOf(await list(store, { scope }))).toEqual(["k"]);
  });

  test("does not list a key that is written again without the index after it was dropped from it", async () => {
    await using store = await open();
    const scope = newScope();
    await write(store, scope, "k");
    await write(store, scope, "k", 0);
    await accept(store, { scope, state: { key: "k", set: { name: "anew" } }, events: [] });
    expect(keysOf(await list(store, { scope }))).toEqual([]);
  });

  test("orders keys with hyphens, slashes and digits alike in every adapter", async () => {
    await using store = await open();
    const scope = newScope();
    const ids = ["job/0198", "job/0198-a", "job/0198-b", "job/01980", "job/A", "job/a", "job/é", "job/漢"];
    for (const key of ids.toReversed()) await write(store, scope, key);
    expect(keysOf(await list(store, { scope }))).toEqual(ids);
    expect((await pagesOf(store, { scope, order: "descending", limit: 3 })).flat()).toEqual(ids.toReversed());
  });

  test("lists what any of several indexes lists, each once, and counts it", async () => {
    await using store = await open();
    const scope = newScope();
    const indexes = { a: ["one"], b: ["two"], c: ["one", "two"], d: ["three"] };
    for (const [key, index] of Object.entries(indexes))
      await accept(store, { scope, state: { key, set: { key }, index }, events: [] });
    const index = ["one", "two"];
    for (const limit of [1, 2, 3, 4])
      expect((await pagesOf(store, { scope, index, limit })).flat()).toEqual(["a", "b", "c"]);
    expect((await pagesOf(store, { scope, index, limit: 2, order: "descending" })).flat()).toEqual([
      "c",
      "b",
      "a",
    ]);
    expect(await store.countListed({ scope, index })).toBe(3);
  });

  test.each(["ascending", "descending"] as const)(
    "lists keys from one on and before another, %s",
    async (order) => {
      await using store = await open();
      const scope = newScope();
      for (const key of keys) await write(store, scope, key);
      const inOrder = (found: string[]) => (order === "ascending" ? found : found.toReversed());
      for (const limit of [1, 2, 10]) {
        const listed = async (range: object) =>
          (await pagesOf(store, { scope, order, limit, ...range })).flat();
        expect(await listed({ from: "b" })).toEqual(inOrder(["b", "c", "d", "e"]));
        expect(await listed({ to: "d" })).toEqual(inOrder(["a", "b", "c"]));
        expect(await listed({ from: "bb", to: "e" })).toEqual(inOrder(["c", "d"]));
        expect(await listed({ from: "x" })).toEqual([]);
      }
      expect(await store.countListed({ scope, index: "all", from: "b", to: "d" })).toBe(2);
    },
  );

  test("lists states whose field has all of some texts, as they are, and counts them", async () => {
    await using store = await open();
    const scope = newScope();
    const names = { a: "a shop", b: "the [shop] of Ana", c: "%s", d: "shopping for Ana" };
    await writeNames(store, scope, names);
    const having = (...texts: string[]) => keysWith(store, scope, { field: "name", texts });
    expect(await having("shop")).toEqual(["a", "b", "d"]);
    expect(await having("shop", "Ana")).toEqual(["b", "d"]);
    expect(await having("[shop]")).toEqual(["b"]);
    expect(await having("%s")).toEqual(["c"]);
    expect(await having(".*")).toEqual([]);
    expect(await having()).toEqual(["a", "b", "c", "d"]);
  });

  test("lists states whose field or key has each of some texts, when keys are looked in too", async () => {
    await using store = await open();
    const scope = newScope();
    await writeNames(store, scope, { k1: "one", k12: "two", "[k]": "1", other: "k1 and two" });
    await accept(store, { scope, state: { key: "k13", set: { a: "1" }, index: "all" }, events: [] });
    const having = (inKeys: boolean, ...texts: string[]) =>
      keysWith(store, scope, { field: "name", texts, inKeys });
    expect(await having(true, "k1")).toEqual(["k1", "k12", "k13", "other"]);
    expect(await having(true, "k1", "two")).toEqual(["k12", "other"]);
    expect(await having(true, "[k]")).toEqual(["[k]"]);
    expect(await having(true, "1\u0001")).toEqual([]);
    expect(await having(false, "\n")).toEqual([]);
    expect(await having(false, "k1")).toEqual(["other"]);
  });

  test("pages through many states", async () => {
    await using store = await open();
    const scope = newScope();
    const many = Array.from({ length: 250 }, (_, index) => `k${String(index).padStart(4, "0")}`);
    await Promise.all(many.map((key) => write(store, scope, key)));
    expect((await pagesOf(store, { scope, limit: 100 })).flat()).toEqual(many);
  });
}

type Query = Partial<StateQuery> & Pick<StateQuery, "scope">;

async function writeNames(store: Store, scope: string, names: Readonly<Record<string, string>>) {
  for (const [key, name] of Object.entries(names)) {
    const state = { key, set: { name }, index: "all", listedText: "name" };
    await accept(store, { scope, state, events: [] });
  }
}

function list(store: Store, query: Query) {
  return store.listStates({ index: "all", order: "ascending", limit: 100, ...query });
}

function keysOf({ items }: Awaited<ReturnType<Store["listStates"]>>): string[] {
  return items.map(({ key }) => key);
}

async function keysWith(
  store: Store,
  scope: string,
  contains: NonNullable<StateQuery["contains"]>,
): Promise<string[]> {
  const pages = await pagesOf(store, { scope, limit: 2, contains });
  expect(await store.countListed({ scope, index: "all", contains })).toBe(pages.flat().length);
  return pages.flat();
}

async function pagesOf(store: Store, query: Query): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after: string | undefined; ;) {
    const page = await list(store, { ...query, ...(after !== undefined && { after }) });
    pages.push(keysOf(page));
    if (page.next === null) return pages;
    expect(page.next).toBe(page.items.at(-1)?.key);
    after = page.next;
  }
}

/** How long the pages are: full ones, and a last one that is never empty. */
function sizesOf(count: number, limit: number): number[] {
  return Array.from({ length: Math.ceil(count / limit) }, (_, page) => Math.min(limit, count - page * limit));
}

async function write(store: Store, scope: string, key: string, retainMs?: number): Promise<void> {
  const state = { key, set: { name: key }, index: "all" };
  await accept(store, { scope, state, events: [], ...(retainMs !== undefined && { retainMs }) });
}

async function gone(store: Store, scope: string, dropped: readonly string[]): Promise<void> {
  for (const key of dropped)
    await eventually(async () => expect(await store.readState({ scope, key })).toBeNull());
}
