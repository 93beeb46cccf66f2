import type { Cursor } from "@jobwire/shared";
import { AppError } from "../../server/src/app-error.js";
import { ownClock } from "../../server/src/store/store-clock.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import type {
  Commit,
  Committed,
  LogMessage,
  Page,
  Replay,
  Store,
  TopicHead,
  TopicKey,
  TopicListener,
} from "../../server/src/store/store.js";
import { upTo } from "../contract/store-fixtures.js";

type Read = "listen" | "head" | "replay";

/** What happens to a message on its way: pass it to `deliver` as often as you like, or not at all. */
export type Passage = (message: LogMessage, deliver: (message: LogMessage) => void) => void;

const defaultMaxEvents = 1000;

/**
 * The memory store behind a bad line: its messages can be dropped, held and repeated, its answers held back or
 * refused, and its logs lost. It counts what it is asked, and knows who listens.
 */
export class TroubledStore implements Store {
  readonly calls: Record<Read, number> = { listen: 0, head: 0, replay: 0 };
  /** How many such calls were under way at once, at most. */
  readonly mostAtOnce: Record<Read, number> = { listen: 0, head: 0, replay: 0 };
  readonly listeners = new Set<TopicListener>();
  isReachable = true;
  readonly clock = ownClock;
  readonly warnings = [];
  /** How many turns of the event loop an answer is on its way. */
  latencyTurns = 0;
  /** When given, each call is made, and each answer returned, as soon as this lets it. */
  turn: ((name: string) => Promise<void>) | undefined;
  passage: Passage = (message, deliver) => deliver(message);
  readonly #underWay: Record<Read, Set<Promise<unknown>>> = {
    listen: new Set(),
    head: new Set(),
    replay: new Set(),
  };
  readonly #gates: Gate[] = [];
  readonly #relays: { readonly topic: TopicKey; readonly relay: TopicListener; inner: AsyncDisposable }[] =
    [];
  readonly #refusals: Record<Read, number> = { listen: 0, head: 0, replay: 0 };
  #inner: Store;
  /** The inner store's epoch of the one topic that was set back, and the one it goes by. */
  #alias: { readonly inner: string; readonly outer: string } | undefined;

  constructor(private readonly maxEvents: number = defaultMaxEvents) {
    this.#inner = openMemoryStore({ maxEvents });
  }

  /** The next such call waits, before it is made or before its answer is returned. */
  hold(read: Read, when: "before" | "after"): Gate {
    const gate = new Gate(read, when);
    this.#gates.push(gate);
    return gate;
  }

  /** The next so many such calls are refused. */
  refuse(read: Read, count: number): void {
    this.#refusals[read] = count;
  }

  dropMessages(): void {
    this.passage = () => {};
  }

  deliverMessages(): void {
    this.passage = (message, deliver) => deliver(message);
  }

  /** Resolves when everything that is being asked is answered. */
  async answered(): Promise<void> {
    await Promise.allSettled(Object.values(this.#underWay).flatMap((calls) => [...calls]));
  }

  /** Says that the connection is back. */
  restore(): void {
    for (const listener of this.listeners) listener.onRestored();
  }

  /** All logs are gone, as after a Redis that came back empty. Nobody is told. */
  async loseLogs(): Promise<void> {
    await this.#replaceInner(openMemoryStore({ maxEvents: this.maxEvents }));
    this.#alias = undefined;
  }

  /** The topic's log ends at an earlier offset, under the same epoch, as after a failover that lost the newest events. */
  async setBack(topic: TopicKey, offset: number): Promise<void> {
    const { epoch } = (await this.#inner.head(topic)).cursor;
    const replay = await this.#inner.replay(topic, { epoch, offset: 0 }, upTo(offset));
    if (replay.kind === "gap") throw new Error("Set back what is retained in full.");
    const outer = this.#outer({ epoch, offset }).epoch;
    const inner = openMemoryStore({ maxEvents: this.maxEvents });
    const events = replay.entries.map(({ type, body, last }) => ({ topic: topic.topic, type, body, last }));
    await inner.commit({ scope: topic.scope, events });
    this.#alias = { inner: (await inner.head(topic)).cursor.epoch, outer };
    await this.#replaceInner(inner);
  }

  async commit(change: Commit): Promise<Committed> {
    const committed = await this.#inner.commit(change);
    if (!committed.accepted) return committed;
    return { accepted: true, cursors: committed.cursors.map((cursor) => this.#outer(cursor)) };
  }

  async head(topic: TopicKey): Promise<TopicHead> {
    return this.#answer("head", async () => {
      const head = await this.#inner.head(topic);
      return { ...head, cursor: this.#outer(head.cursor) };
    });
  }

  async replay(topic: TopicKey, after: Cursor | null, page: Page): Promise<Replay> {
    return this.#answer("replay", async () => {
      const replay = await this.#inner.replay(topic, after && this.#innerCursor(after), page);
      return replay.kind === "gap"
        ? { ...replay, resumeAfter: this.#outer(replay.resumeAfter) }
        : { ...replay, head: { ...replay.head, cursor: this.#outer(replay.head.cursor) } };
    });
  }

  async fork(topic: TopicKey, shared: Cursor): Promise<void> {
    await this.turn?.("fork");
    await this.#inner.fork(topic, this.#innerCursor(shared));
    await this.turn?.("answer to fork");
  }

  async listen(topic: TopicKey, listener: TopicListener): Promise<AsyncDisposable> {
    return this.#answer("listen", async () => {
      const deliver = (message: LogMessage) => {
        if (this.listeners.has(listener)) listener.onMessage(message);
      };
      const relay: TopicListener = {
        onMessage: ({ epoch, entries }) =>
          this.passage({ entries, epoch: this.#outer({ epoch, offset: 0 }).epoch }, deliver),
        onRestored: () => {},
      };
      const entry = { topic, relay, inner: await this.#listenInner(topic, relay) };
      this.#relays.push(entry);
      this.listeners.add(listener);
      return {
        [Symbol.asyncDispose]: async () => {
          this.listeners.delete(listener);
          this.#relays.splice(this.#relays.indexOf(entry), 1);
          await entry.inner[Symbol.asyncDispose]();
        },
      };
    });
  }

  readonly readState: Store["readState"] = (key) => this.#inner.readState(key);
  readonly listStates: Store["listStates"] = (query) => this.#inner.listStates(query);
  readonly listDue: Store["listDue"] = (query) => this.#inner.listDue(query);
  readonly nextDue: Store["nextDue"] = (scope) => this.#inner.nextDue(scope);
  readonly countListed: Store["countListed"] = (selection) => this.#inner.countListed(selection);
  readonly countStates: Store["countStates"] = (scope) => this.#inner.countStates(scope);
  readonly recount: Store["recount"] = (scope, indexes) => this.#inner.recount(scope, indexes);
  readonly scanStates: Store["scanStates"] = (beginning) => this.#inner.scanStates(beginning);
  readonly ping: Store["ping"] = () => this.#inner.ping();

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gate of this.#gates) gate.open();
    await this.#inner[Symbol.asyncDispose]();
  }

  async #answer<Answer>(read: Read, ask: () => Promise<Answer>): Promise<Answer> {
    this.calls[read] += 1;
    const underWay = this.#underWay[read];
    const asking = this.#ask(read, ask);
    underWay.add(asking);
    this.mostAtOnce[read] = Math.max(this.mostAtOnce[read], underWay.size);
    try {
      return await asking;
    } finally {
      underWay.delete(asking);
    }
  }

  async #ask<Answer>(read: Read, ask: () => Promise<Answer>): Promise<Answer> {
    await this.#pass(read, "before");
    await this.turn?.(read);
    if (this.#refusals[read] > 0) {
      this.#refusals[read] -= 1;
      throw new AppError("STORE_UNAVAILABLE", "Refused by the test.");
    }
    const answer = await ask();
    for (let turn = 0; turn < this.latencyTurns; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    await this.turn?.(`answer to ${read}`);
    await this.#pass(read, "after");
    return answer;
  }

  async #pass(read: Read, when: "before" | "after"): Promise<void> {
    const index = this.#gates.findIndex((gate) => gate.read === read && gate.when === when);
    const [gate] = index < 0 ? [] : this.#gates.splice(index, 1);
    await gate?.pass();
  }

  /** On the inner store that is there when the answer is. */
  async #listenInner(topic: TopicKey, relay: TopicListener): Promise<AsyncDisposable> {
    const inner = this.#inner;
    const listening = await inner.listen(topic, relay);
    if (inner === this.#inner) return listening;
    await listening[Symbol.asyncDispose]();
    return this.#listenInner(topic, relay);
  }

  async #replaceInner(inner: Store): Promise<void> {
    this.#inner = inner;
    for (const entry of this.#relays) {
      await entry.inner[Symbol.asyncDispose]();
      entry.inner = await inner.listen(entry.topic, entry.relay);
    }
  }

  #outer(cursor: Cursor): Cursor {
    return cursor.epoch === this.#alias?.inner ? { ...cursor, epoch: this.#alias.outer } : cursor;
  }

  #innerCursor(cursor: Cursor): Cursor {
    return cursor.epoch === this.#alias?.outer ? { ...cursor, epoch: this.#alias.inner } : cursor;
  }
}

/** Where a call waits until the test opens it. */
export class Gate {
  readonly reached: Promise<void>;
  readonly #opened: Promise<void>;
  #reach: () => void = () => {};
  #open: () => void = () => {};

  constructor(
    readonly read: Read,
    readonly when: "before" | "after",
  ) {
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }

  pass(): Promise<void> {
    this.#reach();
    return this.#opened;
  }
}
