import { randomUUID } from "node:crypto";
import { formatCursor, type Cursor } from "@jobwire/shared";
import { vi } from "vitest";
import type { Store, TopicKey } from "../../server/src/store/store.js";
import { EventStream } from "../../server/src/streams/event-stream.js";
import { MergedStream } from "../../server/src/streams/merged-stream.js";
import { TopicStream } from "../../server/src/streams/topic-stream.js";
import type { FrameSink } from "../../server/src/streams/frame-sink.js";
import { StreamCounts } from "../../server/src/streams/stream-counts.js";
import type { Gap, StreamSource } from "../../server/src/streams/stream-source.js";
import type { TopicHubs } from "../../server/src/streams/topic-hubs.js";

export interface TestEvent {
  readonly type: string;
  readonly number?: number;
}

export interface GapEvent extends Gap {
  readonly type: "stream.gap";
  /** In a stream over several. */
  readonly topic?: string;
}

/** The two ways to take a stream: as an async iterable, and as frames for a connection. */
export const ways = ["iterated", "delivered"] as const;

export interface ReadingOptions extends Pick<StreamSource<TestEvent | GapEvent>, "mark"> {
  /** With it the stream is one of this topic among many: its ids are others. */
  readonly prelude?: (isContinued: boolean) => AsyncIterable<TestEvent | GapEvent>;
  readonly hubs: TopicHubs;
  readonly topic: TopicKey;
  readonly after?: Cursor | null;
  readonly start?: "oldest" | "newest";
  readonly types?: readonly string[];
  readonly signal?: AbortSignal;
  readonly explainGap?: (gap: Gap) => Promise<TestEvent | GapEvent>;
}

/** Everything one stream has delivered. */
export class Reading implements AsyncDisposable {
  readonly items: { readonly id: string; readonly event: TestEvent | GapEvent }[] = [];
  /** `undefined` when the stream completes, else the error that ends it. */
  readonly ended: Promise<unknown>;
  hasEnded = false;
  readonly #close: () => Promise<void>;

  /** @param pace A reader that takes its time: each event is taken, and more is taken, when it resolves. */
  constructor(
    way: (typeof ways)[number],
    from: ReadingOptions | EventStream<TestEvent | GapEvent>,
    pace?: () => Promise<void>,
  ) {
    const stream = from instanceof EventStream ? from : openStream(from);
    const take: Take = (id, event) => {
      this.items.push({ id, event });
    };
    const read = way === "iterated" ? iterate : deliver;
    const { ended, close } = read(stream, take, pace);
    this.#close = close;
    this.ended = ended.finally(() => {
      this.hasEnded = true;
    });
  }

  get ids(): string[] {
    return this.items.map(({ id }) => id);
  }

  get gaps(): GapEvent[] {
    return this.items.flatMap(({ event }) => ("reason" in event ? [event] : []));
  }

  /** Resolves once so many events have come. */
  async count(count: number): Promise<void> {
    await vi.waitFor(
      () => {
        if (this.items.length < count)
          throw new Error(`${this.items.length} of ${count}: ${this.ids.join(" ")}`);
      },
      { interval: 1, timeout: 10_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

export function openStream(options: ReadingOptions): EventStream<TestEvent | GapEvent> {
  const { hubs, topic, after = null, start = "oldest", types, signal, prelude, mark } = options;
  const explainGap = options.explainGap ?? (async (gap: Gap) => ({ type: "stream.gap" as const, ...gap }));
  const source: StreamSource<TestEvent | GapEvent> = {
    hubs,
    topic,
    after,
    start,
    types: types && new Set(types),
    signal,
    explainGap,
    ...(mark && { mark }),
  };
  return prelude ? new MergedStream([{ source }], { prelude }) : new TopicStream(source);
}

/** One stream over several topics; a gap says which one it is in by its position. */
export function openMerged({
  hubs,
  topics,
  start = "oldest",
  lastEventId,
}: {
  readonly hubs: TopicHubs;
  readonly topics: readonly TopicKey[];
  readonly start?: "oldest" | "newest";
  readonly lastEventId?: string | null;
}): EventStream<TestEvent | GapEvent> {
  const sources = topics.map((topic, index) => ({
    source: {
      hubs,
      topic,
      after: null,
      start,
      explainGap: async (gap: Gap): Promise<TestEvent | GapEvent> => ({
        type: "stream.gap",
        topic: String(index),
        ...gap,
      }),
    },
  }));
  return new MergedStream(sources, { lastEventId });
}

export function newTopic(): TopicKey {
  return { scope: randomUUID(), topic: "topic" };
}

/** Commits so many events at once and returns their ids. */
export async function publish(store: Store, topic: TopicKey, count = 1, type = "event"): Promise<string[]> {
  return commit(
    store,
    topic,
    Array.from({ length: count }, () => type),
  );
}

/** Commits the event that closes the topic. */
export async function publishLast(store: Store, topic: TopicKey, type = "end"): Promise<string[]> {
  return commit(store, topic, [type], true);
}

async function commit(
  store: Store,
  { scope, topic }: TopicKey,
  types: string[],
  last = false,
): Promise<string[]> {
  const events = types.map((type, number) => ({ topic, type, body: bodyOf({ type, number }), last }));
  const committed = await store.commit({ scope, events });
  if (!committed.accepted) throw new Error("There is no guard to refuse it.");
  return committed.cursors.map(formatCursor);
}

/** Superjson's text for an event of plain JSON. */
function bodyOf(event: TestEvent): string {
  return JSON.stringify({ json: event });
}

/** Lets everything happen that waits for no time, no gate and no store. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

type Take = (id: string, event: TestEvent | GapEvent) => void;

function iterate(stream: EventStream<TestEvent | GapEvent>, take: Take, pace?: () => Promise<void>) {
  const iterator = stream[Symbol.asyncIterator]();
  const read = async () => {
    for (;;) {
      const result = await iterator.next();
      if (result.done) return;
      const [id, event] = result.value;
      take(id, event);
      if (pace) await pace();
    }
  };
  const ended: Promise<unknown> = read().catch((error: unknown) => error);
  return {
    ended,
    close: async () => {
      await iterator.return();
    },
  };
}

function deliver(stream: EventStream<TestEvent | GapEvent>, take: Take, pace?: () => Promise<void>) {
  let congested: Promise<void> | undefined;
  const slow = () => {
    if (pace) congested ??= pace().then(() => (congested = undefined));
  };
  let settle: (error: unknown) => void = () => {};
  const ended = new Promise<unknown>((resolve) => {
    settle = resolve;
  });
  const closing = new AbortController();
  const sink: FrameSink = {
    signal: closing.signal,
    counts: new StreamCounts(),
    write: (batch) => {
      for (const { id, body } of batch.frames) take(id, (JSON.parse(body) as { json: TestEvent }).json);
      slow();
    },
    writeTagged: (batch, ids) => {
      for (const [index, { body }] of batch.frames.entries())
        take(ids[index] ?? "", (JSON.parse(body) as { json: TestEvent }).json);
      slow();
    },
    writeEvent: (id, event) => {
      take(id, event as GapEvent);
      slow();
    },
    onFlushed: () => {},
    goLive: () => sink,
    end: () => settle(undefined),
    fail: settle,
    congestion: () => congested,
  };
  const delivery = stream.deliver(sink);
  return {
    ended,
    close: async () => {
      closing.abort();
      delivery[Symbol.dispose]();
      settle(undefined);
    },
  };
}
