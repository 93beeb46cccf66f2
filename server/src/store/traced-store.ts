import type {
  Commit,
  Committed,
  DuePage,
  DueQuery,
  FoundState,
  LogMessage,
  NewEvent,
  Page,
  Replay,
  StateKey,
  StatePage,
  StateQuery,
  StateRecord,
  StateSelection,
  Store,
  TopicHead,
  TopicKey,
  TopicListener,
} from "./store.js";
import type { Cursor } from "@jobwire/shared";
import type { Telemetry } from "./telemetry.js";

/** A store whose commits and messages are traced. The `traceparent` of who publishes travels in the event. */
export class TracedStore implements Store {
  constructor(
    private readonly store: Store,
    private readonly telemetry: Telemetry,
  ) {}

  async commit(change: Commit): Promise<Committed> {
    const { scope, events } = change;
    if (events.length === 0) return this.store.commit(change);
    const traceparent = this.telemetry.publisher();
    const traced =
      traceparent === undefined
        ? change
        : { ...change, events: events.map((event) => withTraceparent(event, traceparent)) };
    return this.telemetry.committing({ scope, events: events.length }, () => this.store.commit(traced));
  }

  listen(topic: TopicKey, listener: TopicListener): Promise<AsyncDisposable> {
    return this.store.listen(topic, {
      onMessage: (message) => {
        listener.onMessage(message);
        this.#tellDelivered(topic, message);
      },
      onRestored: () => listener.onRestored(),
    });
  }

  readState(key: StateKey): Promise<StateRecord | null> {
    return this.store.readState(key);
  }

  listStates(query: StateQuery): Promise<StatePage> {
    return this.store.listStates(query);
  }

  countListed(selection: StateSelection): Promise<number> {
    return this.store.countListed(selection);
  }

  listDue(query: DueQuery): Promise<DuePage> {
    return this.store.listDue(query);
  }

  nextDue(scope: string): Promise<number | null> {
    return this.store.nextDue(scope);
  }

  recount(scope: string, indexes: Iterable<string>): Promise<void> {
    return this.store.recount(scope, indexes);
  }

  countStates(scope: string, indexes?: readonly string[]): Promise<Readonly<Record<string, number>>> {
    return this.store.countStates(scope, indexes);
  }

  scanStates(beginning: StateKey): AsyncIterable<FoundState> {
    return this.store.scanStates(beginning);
  }

  head(topic: TopicKey): Promise<TopicHead> {
    return this.store.head(topic);
  }

  replay(topic: TopicKey, after: Cursor | null, page: Page): Promise<Replay> {
    return this.store.replay(topic, after, page);
  }

  fork(topic: TopicKey, shared: Cursor): Promise<void> {
    return this.store.fork(topic, shared);
  }

  ping(): Promise<void> {
    return this.store.ping();
  }

  get clock(): Store["clock"] {
    return this.store.clock;
  }

  get warnings(): readonly string[] {
    return this.store.warnings;
  }

  get isReachable(): boolean {
    return this.store.isReachable;
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.store[Symbol.asyncDispose]();
  }

  /** After the hub has written it: that is done in the `nextTick` that it has asked for before this one. */
  #tellDelivered({ scope, topic }: TopicKey, { entries }: LogMessage): void {
    const receivedAt = Date.now();
    for (const { type, body } of entries) {
      const [, traceparent] = traced.exec(body) ?? [];
      if (traceparent === undefined) continue;
      process.nextTick(() => this.telemetry.delivered({ scope, topic, type, traceparent, receivedAt }));
    }
  }
}

const beginning = '{"json":{"';
const traced = /^\{"json":\{"traceparent":"([0-9a-f-]{55})"/;

/** A body that is no event, a mark of the store's users, stays as it is. */
function withTraceparent(event: NewEvent, traceparent: string): NewEvent {
  if (!event.body.startsWith(beginning)) return event;
  return { ...event, body: `{"json":{"traceparent":"${traceparent}","${event.body.slice(beginning.length)}` };
}
