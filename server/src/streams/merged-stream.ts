import { setMaxListeners } from "node:events";
import type { Cursor } from "@jobwire/shared";
import { tracked, type TrackedEnvelope } from "@trpc/server";
import { AppError } from "../app-error.js";
import { joinSignals } from "../join-signals.js";
import { EventStream } from "./event-stream.js";
import type { FrameSink } from "./frame-sink.js";
import { MergedDelivery } from "./merged-delivery.js";
import { inOrder, MergedPlaces, nameOf, type Place } from "./merged-places.js";
import { signalsOf, type MergedSource, type StreamSource } from "./stream-source.js";
import { readTopic, type TopicItem } from "./topic-stream.js";

/** How many topics one stream may follow. */
const maxMergedTopics = 100;

/** A hub that has just learned something is asked again. */
const maxReads = 3;

/** Where a merged stream begins, and when it is left. */
export interface MergeOptions {
  /**
   * Where to continue, in all topics: an id of a stream over the same ones, in any order. Without it each begins where its
   * source says.
   */
  readonly lastEventId?: string | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface MergedStreamOptions<Event> extends MergeOptions {
  /**
   * Made for this stream alone and sent before all others, with ids that lead to where it starts.
   * `isContinued`: what follows is right after where it was to start, in every topic, without a gap.
   */
  readonly prelude?: (isContinued: boolean) => AsyncIterable<Event>;
}

/**
 * The events of several topics, in order and once each in every one of them; between topics there is no order. Ids have a
 * place in each. A topic that is closed leaves; the stream completes with the last one.
 */
export class MergedStream<Event extends object> extends EventStream<Event> {
  protected readonly signals: readonly AbortSignal[];
  readonly #sources: readonly MergedSource<Event>[];
  readonly #after: readonly Place[] | null;

  /** @throws AppError `CURSOR_INVALID`; `INPUT_INVALID` when there are no topics, too many, or one twice. */
  constructor(
    sources: readonly MergedSource<Event>[],
    private readonly options: MergedStreamOptions<Event> = {},
  ) {
    super();
    checkTopics(sources);
    const all = [...signalsOf(options), ...sources.flatMap(({ source }) => signalsOf(source))];
    this.signals = [...new Set(all)];
    this.#sources = inOrder(sources, ({ source }) => source.topic);
    const { lastEventId } = options;
    this.#after = lastEventId ? this.#newPlaces().read(lastEventId) : null;
    if (lastEventId && !this.#after)
      throw new AppError(
        "CURSOR_INVALID",
        "lastEventId is not an id that a stream over these topics gives; leave it out to start anew.",
      );
  }

  /** Whether the id that it was given says that nothing follows. */
  get isEnded(): boolean {
    const after = this.#after;
    if (!after) return false;
    return (
      after.every((place) => place === "ended") ||
      this.#sources.some(({ endsAll }, index) => endsAll && after[index] === "ended")
    );
  }

  protected begin(sink: FrameSink): Disposable {
    const delivery = new MergedDelivery(this.#newPlaces(), sink);
    if (this.isEnded) sink.end();
    else void this.#begin(delivery, sink);
    return delivery;
  }

  protected async *iterate(closing: AbortSignal): AsyncGenerator<TrackedEnvelope<Event>, void> {
    if (this.isEnded) return;
    const leaving = new AbortController();
    using joined = joinSignals([closing, leaving.signal]);
    const { signal } = joined;
    // Each topic waits on it.
    setMaxListeners(0, signal);
    const places = this.#newPlaces();
    const sources = await this.#placed(places);
    let hasBegun = false;
    for await (const event of this.#prelude(sources)) {
      if (signal.aborted) return;
      hasBegun = true;
      yield tracked(places.id, event);
    }
    const items = sources.map(({ source, endsAll = false }, index) => ({
      index,
      endsAll,
      iterator: readTopic({ ...source, hasBegun }, signal),
    }));
    const arrivals = new Arrivals<TopicItem<Event>>();
    const open = items.filter(({ index }) => !places.isEnded(index));
    try {
      for (const { index, iterator } of open) arrivals.ask(index, iterator);
      for (let left = open.length; left > 0 && !signal.aborted;) {
        const { index, result } = await arrivals.next();
        const item = items[index];
        if (!item) return;
        if (result.done) {
          if (item.endsAll) return;
          places.end(index);
          left -= 1;
          continue;
        }
        const { value } = result;
        if (value.kind === "event" && value.isLast) places.end(index);
        else places.set(index, value.id);
        if (value.kind === "event") yield tracked(places.id, value.event);
        arrivals.ask(index, item.iterator);
      }
    } finally {
      leaving.abort();
      // One that has just said something waits to be asked for more, and holds its topic.
      for (const { iterator } of open) void iterator.return().catch(() => {});
    }
  }

  async #begin(delivery: MergedDelivery, sink: FrameSink): Promise<void> {
    try {
      const sources = await this.#placed(delivery.places);
      let hasBegun = false;
      for await (const event of this.#prelude(sources)) {
        if (sink.signal.aborted) delivery[Symbol.dispose]();
        if (delivery.isOver) return;
        sink.writeEvent(delivery.places.id, event);
        hasBegun = true;
      }
      delivery.start(sources.map(({ source, ...rest }) => ({ ...rest, source: { ...source, hasBegun } })));
    } catch (error) {
      if (delivery.isOver) return;
      delivery[Symbol.dispose]();
      sink.fail(error);
    }
  }

  /**
   * Every source with the place it starts at. An id that is given before a topic has said anything must lead there too, so
   * each is pinned to its log of now: at the newest event, or before the first one that it ever had.
   */
  async #placed(places: MergedPlaces): Promise<readonly MergedSource<Event>[]> {
    const starts = await Promise.all(
      this.#sources.map(async ({ source }, index): Promise<{ after: Cursor | null; place: Place }> => {
        const given = this.#after?.[index] ?? source.after;
        if (given) return { after: given === "ended" ? null : given, place: given };
        using lease = await source.hubs.acquire(source.topic, source);
        const { head, now } = lease.hub;
        const after = source.start === "newest" ? now : null;
        return { after, place: after ?? { ...head, offset: 0 } };
      }),
    );
    places.moveTo(starts.map(({ place }) => place));
    return this.#sources.map(({ source, ...rest }, index) => ({
      ...rest,
      source: { ...source, after: starts[index]?.after ?? null },
    }));
  }

  async *#prelude(sources: readonly MergedSource<Event>[]): AsyncGenerator<Event, void> {
    const { prelude } = this.options;
    if (!prelude) return;
    const isContinued = await Promise.all(sources.map(({ source }) => canContinue(source)));
    yield* prelude(isContinued.every(Boolean));
  }

  #newPlaces(): MergedPlaces {
    return new MergedPlaces(this.#sources.map(({ source }) => source.topic));
  }
}

/** Whether a topic has all that follows the place where its source starts. */
async function canContinue(source: StreamSource<unknown>): Promise<boolean> {
  const { hubs, topic, after } = source;
  using lease = await hubs.acquire(topic, source);
  for (let attempt = 0; attempt < maxReads; attempt++) {
    const read = lease.hub.peek(after) ?? (await lease.hub.readLog(after));
    if (read) return read.kind !== "gap";
  }
  return true;
}

function checkTopics(sources: readonly MergedSource<object>[]): void {
  if (sources.length === 0 || sources.length > maxMergedTopics)
    throw new AppError(
      "INPUT_INVALID",
      `A stream follows 1 to ${maxMergedTopics} topics, not ${sources.length}; open another one for the rest.`,
    );
  const names = new Set<string>();
  for (const { source } of sources) {
    const name = nameOf(source.topic);
    if (names.has(name))
      throw new AppError("INPUT_INVALID", `A stream follows each topic once; ${name} is named twice.`);
    names.add(name);
  }
}

interface Arrival<Item> {
  readonly index: number;
  readonly result: IteratorResult<Item, void>;
}

/** What comes next of several iterators, whichever it comes from. Each has at most one item waiting here. */
class Arrivals<Item> {
  readonly #arrived: (Arrival<Item> | { readonly error: unknown })[] = [];
  #wake = () => {};

  ask(index: number, iterator: AsyncIterator<Item, void>): void {
    iterator.next().then(
      (result) => this.#arrive({ index, result }),
      (error: unknown) => this.#arrive({ error }),
    );
  }

  async next(): Promise<Arrival<Item>> {
    for (;;) {
      const arrival = this.#arrived.shift();
      if (!arrival) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if ("error" in arrival) throw arrival.error;
      else return arrival;
    }
  }

  #arrive(arrival: Arrival<Item> | { readonly error: unknown }): void {
    this.#arrived.push(arrival);
    this.#wake();
  }
}
