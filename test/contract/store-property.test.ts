import { randomUUID } from "node:crypto";
import type { Cursor } from "@jobwire/shared";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import type { Commit, Store, StateQuery, TopicKey } from "../../server/src/store/store.js";
import { startRedis } from "../support/redis-server.js";
import { RecordingListener, eventually } from "./store-fixtures.js";
import { StoreModel } from "./store-model.js";

/** Small, so that few events already trim a log. */
const maxEvents = 3;
const maxCommands = 30;

const redis = await startRedis();
afterAll(() => redis[Symbol.asyncDispose]());

describe("whatever is asked of it, in any order, a store answers as the model does", () => {
  test("memory", () => holds(openMemoryStore({ maxEvents }), 200));

  test("redis", async () => {
    await holds(await openRedisStore({ url: redis.url, maxEvents, onReachable: () => {} }), 50);
  });
});

/** fast-check prints the seed and the shortest sequence that fails. */
async function holds(opened: Store, numRuns: number): Promise<void> {
  await using store = opened;
  const commands = fc.array(commandArbitrary, { minLength: 1, maxLength: maxCommands, size: "max" });
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      const run = new Run(store);
      await run.listen();
      for (const command of sequence) await run.execute(command);
      await run.compareMessages();
    }),
    { numRuns },
  );
}

type Place = { readonly scope: string; readonly topic: string };

type Command =
  | { readonly do: "commit"; readonly commit: Commit }
  | { readonly do: "replay"; readonly place: Place; readonly from: From; readonly limit: number }
  | { readonly do: "head"; readonly place: Place }
  | { readonly do: "list"; readonly query: StateQuery };

/** Before the beginning; so far before or behind the head; the same of an epoch that never was, or of an earlier life. */
type From = { readonly of: "null" | "now" | "never" | "before"; readonly back: number };

const scopes = ["{a}:é ", "a}%7D"];
const topics = ["t:{b}", "ü"];
/** Each key has its indexes, or none, and keeps them. */
const indexesOfKey: Readonly<Record<string, readonly string[]>> = { k1: ["i"], k2: ["i", "j"], k3: [] };
const values = ["", "1", "ž"];

const placeArbitrary = fc.record({ scope: fc.constantFrom(...scopes), topic: fc.constantFrom(...topics) });
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
    { key: fc.constantFrom(...Object.keys(indexesOfKey)), set: fieldsArbitrary, expect: expectArbitrary },
    { requiredKeys: ["key", "set"] },
  )
  .map((state) => ({ ...state, index: indexesOfKey[state.key] ?? [] }));
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
const commandArbitrary: fc.Arbitrary<Command> = fc.oneof(
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
        ),
        back: fc.integer({ min: -2, max: maxEvents + 2 }),
      }),
      limit: fc.integer({ min: 1, max: maxEvents + 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("head" as const), place: placeArbitrary }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("list" as const),
      query: fc.record(
        {
          scope: fc.constantFrom(...scopes),
          index: fc.constantFrom("i", "j"),
          order: fc.constantFrom("ascending" as const, "descending" as const),
          after: fc.constantFrom("k1", "k15", "k2"),
          limit: fc.integer({ min: 1, max: 3 }),
        },
        { requiredKeys: ["scope", "index", "order", "limit"] },
      ),
    }),
  },
);

function oneIn(count: number): fc.Arbitrary<boolean> {
  return fc.nat({ max: count - 1 }).map((number) => number === 0);
}

/** One sequence of commands, carried out on the store and on the model; scopes are this run's own. */
class Run {
  readonly #id = randomUUID();
  readonly #model = new StoreModel(maxEvents);
  readonly #epochs = new EpochNames();
  readonly #listeners: { readonly topic: TopicKey; readonly listener: RecordingListener }[] = [];
  readonly #listening: AsyncDisposable[] = [];

  constructor(private readonly store: Store) {}

  async listen(): Promise<void> {
    for (const scope of scopes) {
      for (const topic of topics) {
        const listener = new RecordingListener();
        this.#listeners.push({ topic: { scope, topic }, listener });
        this.#listening.push(await this.store.listen(this.#own({ scope, topic }), listener));
      }
    }
  }

  async execute(command: Command): Promise<void> {
    switch (command.do) {
      case "commit":
        return this.#commit(command.commit);
      case "replay":
        return this.#replay(command.place, command.from, command.limit);
      case "head":
        await this.#head(command.place);
        return;
      case "list":
        expect(await this.store.listStates(this.#own(command.query))).toEqual(
          this.#model.listStates(command.query),
        );
    }
  }

  async compareMessages(): Promise<void> {
    for (const { topic, listener } of this.#listeners) {
      const expected = this.#model.messages(topic);
      await eventually(() => expect(listener.messages.length).toBeGreaterThanOrEqual(expected.length));
      const heard = listener.messages.map((message) => ({
        ...message,
        epoch: this.#epochs.nameOf(topic, message.epoch),
      }));
      expect(heard).toEqual(expected);
    }
    for (const each of this.#listening) await each[Symbol.asyncDispose]();
  }

  async #commit({ events, ...rest }: Commit): Promise<void> {
    const commit = { ...rest, events: this.#withoutEventsAfterLast(rest.scope, events) };
    const expected = this.#model.commit(commit);
    const committed = await this.store.commit(this.#own(commit));
    if (!committed.accepted || !expected.accepted) {
      expect(committed).toEqual(expected);
    } else {
      const cursors = committed.cursors.map((cursor, index) => {
        const topic = { scope: commit.scope, topic: commit.events[index]?.topic ?? "" };
        this.#epochs.learn(topic, expected.cursors[index], cursor);
        return { ...cursor, epoch: this.#epochs.nameOf(topic, cursor.epoch) };
      });
      expect(cursors).toEqual(expected.cursors);
    }
    if (!commit.state) return;
    const key = { scope: commit.scope, key: commit.state.key };
    expect(await this.store.readState(this.#own(key))).toEqual(this.#model.readState(key));
  }

  async #head(place: Place): Promise<Cursor> {
    const expected = this.#model.head(place);
    const head = await this.store.head(this.#own(place));
    this.#epochs.learn(place, expected.cursor, head.cursor);
    const epoch = this.#epochs.nameOf(place, head.cursor.epoch);
    expect({ ...head, cursor: { ...head.cursor, epoch } }).toEqual(expected);
    return head.cursor;
  }

  async #replay(place: Place, { of, back }: From, limit: number): Promise<void> {
    const head = await this.#head(place);
    const offset = Math.max(0, head.offset - back);
    const now = this.#epochs.nameOf(place, head.epoch);
    const epoch = of === "now" ? now : of === "before" ? this.#epochs.before(place, now) : undefined;
    const real = epoch === undefined ? "0000" : this.#epochs.epochOf(epoch);
    const expected = this.#model.replay(
      place,
      of === "null" ? null : { epoch: epoch ?? "never", offset },
      limit,
    );
    const replay = await this.store.replay(
      this.#own(place),
      of === "null" ? null : { epoch: real, offset },
      limit,
    );
    const named = (cursor: Cursor) => ({ ...cursor, epoch: this.#epochs.nameOf(place, cursor.epoch) });
    expect(
      replay.kind === "gap"
        ? { ...replay, resumeAfter: named(replay.resumeAfter) }
        : { ...replay, head: { ...replay.head, cursor: named(replay.head.cursor) } },
    ).toEqual(expected);
  }

  #own<Scoped extends { readonly scope: string }>(scoped: Scoped): Scoped {
    return { ...scoped, scope: `${scoped.scope}${this.#id}` };
  }

  /** Nobody writes to a closed topic: the model does not say what happens then. */
  #withoutEventsAfterLast(scope: string, events: Commit["events"]): Commit["events"] {
    const closed = new Set<string>();
    return events.filter(({ topic, last }) => {
      if (closed.has(topic) || this.#model.isClosed({ scope, topic })) return false;
      if (last) closed.add(topic);
      return true;
    });
  }
}

/** Which epoch of the store is which of the model's. Two of one topic are never the same. */
class EpochNames {
  readonly #names = new Map<string, string>();
  readonly #epochs = new Map<string, string>();

  learn(place: Place, expected: Cursor | undefined, actual: Cursor): void {
    if (!expected || this.#epochs.has(expected.epoch)) return;
    this.#epochs.set(expected.epoch, actual.epoch);
    if (!this.#names.has(keyOf(place, actual.epoch)))
      this.#names.set(keyOf(place, actual.epoch), expected.epoch);
  }

  nameOf(place: Place, epoch: string): string {
    return this.#names.get(keyOf(place, epoch)) ?? `unknown ${epoch}`;
  }

  epochOf(name: string): string {
    return this.#epochs.get(name) ?? "0000";
  }

  /** An earlier life of the topic than this one. */
  before({ scope, topic }: Place, name: string): string | undefined {
    const prefix = keyOf({ scope, topic }, "");
    return [...this.#names].findLast(([key, other]) => key.startsWith(prefix) && other !== name)?.[1];
  }
}

function keyOf({ scope, topic }: Place, epoch: string): string {
  return `${scope} ${topic} ${epoch}`;
}
