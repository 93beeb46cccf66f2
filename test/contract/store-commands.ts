import fc from "fast-check";
import type { Commit, StateQuery } from "../../server/src/store/store.js";

/** Small, so that few events already trim a log. */
export const maxEvents = 3;

export type Place = { readonly scope: string; readonly topic: string };

export type Command =
  | { readonly do: "commit"; readonly commit: Commit }
  | { readonly do: "replay"; readonly place: Place; readonly from: From; readonly limit: number }
  | { readonly do: "head" | "join" | "leave" | "lose"; readonly place: Place }
  | { readonly do: "fork" | "set back"; readonly place: Place; readonly back: number }
  | { readonly do: "list"; readonly query: StateQuery };

/** The beginning, or so far before or behind the head, in the epoch of now, of so many lives before, or of none. */
export interface From {
  readonly of: "null" | "now" | "never" | "before";
  readonly back: number;
  readonly lives: number;
}

export const scopes = ["{a}:é ", "a}%7D"];
export const topics = ["t:{b}", "ü"];
/** The indexes a key may be in; each commit says in which of them it is. */
const indexesOfKey: Readonly<Record<string, readonly string[]>> = { k1: ["i"], k2: ["i", "j"], k3: [] };
const values = ["", "1", "ž"];

/** Most of what happens, happens to one topic: it takes several commands to make a story. */
const placeArbitrary = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ scope: scopes[0] ?? "", topic: topics[0] ?? "" }) },
  {
    weight: 1,
    arbitrary: fc.record({ scope: fc.constantFrom(...scopes), topic: fc.constantFrom(...topics) }),
  },
);
const fieldsArbitrary = fc.dictionary(fc.constantFrom("f", "g"), fc.constantFrom(...values), {
  minKeys: 1,
  noNullPrototype: true,
});
const expectArbitrary = fc.oneof(
  fc.constant("absent" as const),
  fc.dictionary(fc.constantFrom("f", "g"), fc.subarray(values, { minLength: 1 }), { noNullPrototype: true }),
);
const stateArbitrary = fc
  .record(
    {
      key: fc.constantFrom(...Object.keys(indexesOfKey)),
      set: fieldsArbitrary,
      expect: expectArbitrary,
      leaves: fc.subarray(["i", "j"]),
      due: fc.constantFrom(null, 1000, 2000, 1e15),
      remove: oneIn(6),
    },
    { requiredKeys: ["key", "set", "leaves", "remove"] },
  )
  .map(({ leaves, remove, ...state }) => {
    const listed = indexesOfKey[state.key] ?? [];
    return remove
      ? { ...state, listedText: "f", unlist: listed, remove }
      : { ...state, listedText: "f", index: listed.filter((name) => !leaves.includes(name)), unlist: leaves };
  });
const eventArbitrary = fc.record({
  topic: fc.constantFrom(...topics),
  type: fc.constantFrom("a", "b.c"),
  body: fc.json({ maxDepth: 1 }),
  last: oneIn(8),
});
const commitArbitrary = fc
  .record(
    {
      scope: fc.constantFrom(...scopes),
      events: fc.array(eventArbitrary, { maxLength: 4, size: "max" }),
      state: stateArbitrary,
      drops: oneIn(6),
      closedTopics: fc.subarray(topics),
    },
    { requiredKeys: ["scope", "events", "drops", "closedTopics"] },
  )
  .map(({ drops, ...commit }): Commit => ({ ...commit, ...(drops && { retainMs: 0 }) }));
export const commandArbitrary: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("commit" as const), commit: commitArbitrary }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("replay" as const),
      place: placeArbitrary,
      from: fc.record({
        of: fc.constantFrom(
          "now" as const,
          "now" as const,
          "null" as const,
          "never" as const,
          "before" as const,
          "before" as const,
        ),
        back: fc.integer({ min: -2, max: maxEvents + 2 }),
        lives: fc.integer({ min: 1, max: 3 }),
      }),
      limit: fc.integer({ min: 1, max: maxEvents + 1 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("head" as const, "join" as const, "leave" as const, "lose" as const),
      place: placeArbitrary,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("fork" as const, "set back" as const),
      place: placeArbitrary,
      back: fc.integer({ min: 0, max: maxEvents }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("list" as const),
      query: fc.record(
        {
          scope: fc.constantFrom(...scopes),
          index: fc.constantFrom("i", "j", ["i", "j"]),
          order: fc.constantFrom("ascending" as const, "descending" as const),
          after: fc.constantFrom("k1", "k15", "k2"),
          limit: fc.integer({ min: 1, max: 3 }),
          from: fc.constantFrom("k1", "k2"),
          to: fc.constantFrom("k2", "k3"),
          contains: fc.record({
            field: fc.constant("f"),
            texts: fc.subarray(["1", "ž"]),
            inKeys: fc.boolean(),
          }),
        },
        { requiredKeys: ["scope", "index", "order", "limit"] },
      ),
    }),
  },
);

function oneIn(count: number): fc.Arbitrary<boolean> {
  return fc.nat({ max: count - 1 }).map((number) => number === 0);
}
