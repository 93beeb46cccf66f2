import { parseCursor, type Cursor } from "@jobwire/shared";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { account, type Account } from "./accounting.js";
import { Reading, newTopic, publish, publishLast, ways } from "./reading.js";
import { TroubledStore, type Gate } from "./troubled-store.js";

/**
 * Invariant 1: every event a commit reported as accepted is delivered exactly once, in offset order, to every stream
 * that is connected or resumes within retention; otherwise that stream gets exactly one gap that covers the hole.
 */
test("whatever happens to messages, answers and logs, every stream can account for every event", async () => {
  const scenario = fc.record({
    maxEvents: fc.constantFrom(4, 1000),
    steps: fc.array(stepArbitrary, { minLength: 1, maxLength: 40, size: "max" }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ maxEvents, steps }) => {
      await using run = new Run(maxEvents);
      for (const step of steps) await run.take(step);
      await run.finish();
    }),
    { numRuns: 300 },
  );
}, 120_000);

type Step =
  | { readonly do: "publish"; readonly type: "a" | "b"; readonly count: number }
  | { readonly do: "join"; readonly join: Join }
  | { readonly do: "leave"; readonly index: number }
  | { readonly do: "drop" | "hold" | "deliver" | "deliver reversed" | "deliver twice" }
  | { readonly do: "restore" | "lose logs" | "let answers through" }
  | {
      readonly do: "hold an answer";
      readonly read: "replay" | "head" | "listen";
      readonly when: "before" | "after";
    }
  | { readonly do: "wait"; readonly turns: number };

interface Join {
  readonly way: (typeof ways)[number];
  readonly process: 0 | 1;
  readonly from: "oldest" | "newest" | "published" | "nowhere";
  /** Which of the published events, counted from the newest. */
  readonly back: number;
  readonly wantsOnly: "b" | undefined;
}

const always = <Value extends string>(value: Value) => fc.constant(value);

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: always("publish"),
      type: fc.constantFrom("a" as const, "b" as const),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: always("join"),
      join: fc.record({
        way: fc.constantFrom(...ways),
        process: fc.constantFrom(0 as const, 1 as const),
        from: fc.constantFrom("oldest" as const, "newest" as const, "published" as const, "nowhere" as const),
        back: fc.nat(12),
        wantsOnly: fc.constantFrom(undefined, undefined, "b" as const),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: always("leave"), index: fc.nat(8) }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "drop" as const,
        "hold" as const,
        "deliver" as const,
        "deliver reversed" as const,
        "deliver twice" as const,
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("restore" as const, "lose logs" as const, "let answers through" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: always("hold an answer"),
      read: fc.constantFrom("replay" as const, "head" as const, "listen" as const),
      when: fc.constantFrom("before" as const, "after" as const),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: always("wait"), turns: fc.integer({ min: 1, max: 3 }) }) },
);

class Run implements AsyncDisposable {
  readonly #store: TroubledStore;
  readonly #processes: readonly [TopicHubs, TopicHubs];
  readonly #topic = newTopic();
  readonly #published = new Map<string, string>();
  readonly #readings: { readonly reading: Reading; readonly account: Account; hasLeft: boolean }[] = [];
  readonly #held: (() => void)[] = [];
  readonly #gates: Gate[] = [];

  constructor(private readonly maxEvents: number) {
    this.#store = new TroubledStore(maxEvents);
    this.#processes = [new TopicHubs(this.#store, rethrow), new TopicHubs(this.#store, rethrow)];
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case "publish": {
        const ids = await publish(this.#store, this.#topic, step.count, step.type);
        for (const id of ids) this.#published.set(id, step.type);
        return;
      }
      case "join":
        return this.#join(step.join);
      case "leave": {
        const leaving = this.#readings[step.index];
        if (!leaving || leaving.hasLeft) return;
        leaving.hasLeft = true;
        // Not awaited: it may wait for an answer that is held.
        void leaving.reading[Symbol.asyncDispose]();
        return;
      }
      case "drop":
        return this.#store.dropMessages();
      case "hold":
        this.#store.passage = (message, deliver) => this.#held.push(() => deliver(message));
        return;
      case "deliver":
      case "deliver reversed":
      case "deliver twice":
        return this.#deliver(step.do);
      case "restore":
        return this.#store.restore();
      case "lose logs":
        return this.#store.loseLogs();
      case "hold an answer":
        this.#gates.push(this.#store.hold(step.read, step.when));
        return;
      case "let answers through":
        return this.#letThrough();
      case "wait":
        for (let turn = 0; turn < step.turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Everything is well again, one more event closes the topic: then all streams that are left complete. */
  async finish(): Promise<void> {
    this.#letThrough();
    this.#deliver("deliver");
    this.#store.restore();
    const ids = await publishLast(this.#store, this.#topic, "a");
    for (const id of ids) this.#published.set(id, "a");
    const end = parseCursor(ids[0] ?? "");
    for (const { reading, account: expected, hasLeft } of this.#readings) {
      if (hasLeft) {
        account(reading, expected);
        continue;
      }
      expect(await Promise.race([reading.ended, timeout()])).toBeUndefined();
      const position = account(reading, expected);
      // `null`: it was opened so late that the end was not news to it.
      if (position && !expected.types) expect(position).toEqual(end);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#letThrough();
    for (const { reading } of this.#readings) await reading[Symbol.asyncDispose]();
    for (const process of this.#processes) await process[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }

  async #join({ way, process, from, back, wantsOnly }: Join): Promise<void> {
    const hubs = this.#processes[process];
    const after = this.#cursor(from, back);
    const types = wantsOnly && [wantsOnly];
    const start = from === "newest" ? "newest" : "oldest";
    const reading = new Reading(way, { hubs, topic: this.#topic, after, start, ...(types && { types }) });
    const fromFirst = start === "oldest" && this.maxEvents === 1000;
    const expected = { after, fromFirst, published: this.#published, types: types && new Set<string>(types) };
    this.#readings.push({ reading, account: expected, hasLeft: false });
  }

  #cursor(from: Join["from"], back: number): Cursor | null {
    if (from === "nowhere") return { epoch: "0000", offset: back };
    if (from !== "published") return null;
    return parseCursor([...this.#published.keys()].at(-1 - back) ?? "");
  }

  #deliver(how: "deliver" | "deliver reversed" | "deliver twice"): void {
    const held = this.#held.splice(0);
    for (const deliver of how === "deliver reversed" ? held.toReversed() : held) deliver();
    if (how === "deliver twice") for (const deliver of held) deliver();
    this.#store.deliverMessages();
  }

  #letThrough(): void {
    for (const gate of this.#gates.splice(0)) gate.open();
  }
}

function rethrow(error: unknown): never {
  throw error;
}

function timeout(): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, 2000, "The stream does not end.").unref());
}
