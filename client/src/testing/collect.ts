import { Inbox, type InboxOptions } from "./inbox.js";

/** How long it waits. */
export type CollectOptions = Pick<InboxOptions<never>, "timeoutMs">;

/** What a stream has yielded, and ways to wait for what it is to yield. Disposing it leaves the stream. */
export interface Collected<Event> extends Disposable {
  /** Everything received so far. */
  readonly events: readonly Event[];
  /** The ids of the events, in order: of streams of `createJobwireClient`, and of what tRPC calls tracked. */
  readonly ids: readonly string[];
  /**
   * The first event, also of those received already, for which this is so.
   * @throws Error that shows what was received instead.
   */
  until(isWanted: (event: Event) => boolean): Promise<Event>;
  /** The first `count` events, as soon as there are as many. */
  first(count: number): Promise<Event[]>;
  /** All events, once the stream has completed. Rejects with the stream's error when it fails instead. */
  completed(): Promise<readonly Event[]>;
  /** The error that the stream fails with. Rejects when it completes instead. */
  error(): Promise<Error>;
}

/**
 * Reads a stream in the background and keeps what it yields.
 *
 * @example
 * using stream = collect(client.jobs.watch(jobId));
 * await stream.until((event) => event.type === "build.progress");
 */
export function collect<Event>(
  stream: AsyncIterable<Event>,
  { timeoutMs }: CollectOptions = {},
): Collected<Event> {
  const inbox = new Inbox<Received<Event>>({
    ...(timeoutMs !== undefined && { timeoutMs }),
    show: ({ id, event }) => `${id === null ? "" : `${id} `}${JSON.stringify(event)}`,
  });
  const iterator = stream[Symbol.asyncIterator]();
  read(stream, iterator, inbox).then(
    () => inbox.end(),
    (error: unknown) => inbox.end(error),
  );
  const events = () => inbox.items.map(({ event }) => event);
  return {
    get events() {
      return events();
    },
    get ids() {
      return inbox.items.flatMap(({ id }) => id ?? []);
    },
    async until(isWanted) {
      // Named as the caller wrote it, for the message.
      const isItWanted = ({ event }: Received<Event>) => isWanted(event);
      isItWanted.toString = () => isWanted.toString();
      return (await inbox.until(isItWanted)).event;
    },
    first: async (count) => (await inbox.first(count)).map(({ event }) => event),
    async completed() {
      const error = await inbox.ended();
      if (error) throw error;
      return events();
    },
    async error() {
      const error = await inbox.ended();
      if (!error) throw new Error(`The stream completed without an error. ${inbox.items.length} received.`);
      return error;
    },
    // Not awaited: a generator that waits for something returns only after it.
    [Symbol.dispose]: () => void Promise.resolve(iterator.return?.()).catch(() => {}),
  };
}

interface Received<Event> {
  readonly id: string | null;
  readonly event: Event;
}

async function read<Event>(
  stream: AsyncIterable<Event>,
  iterator: AsyncIterator<Event>,
  inbox: Inbox<Received<Event>>,
): Promise<void> {
  for (;;) {
    const result = await iterator.next();
    if (result.done) return;
    inbox.push({ id: idOf(stream) ?? idOf(result.value), event: result.value });
  }
}

/** A stream of this package says the id of the event it gave last; a tracked value of tRPC carries its own. */
function idOf(source: unknown): string | null {
  if (typeof source !== "object" || source === null) return null;
  const { lastEventId, id } = source as { readonly lastEventId?: unknown; readonly id?: unknown };
  if (typeof lastEventId === "string") return lastEventId;
  return typeof id === "string" && "data" in source ? id : null;
}
