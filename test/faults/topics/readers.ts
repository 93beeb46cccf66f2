import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "@jobwire/server/topics";
import { PlainReader } from "../support/plain-watcher.js";

/** Somebody who follows all books. */
export interface Reader extends Disposable {
  readonly name: string;
  readonly count: () => number;
  /** What it was told of a book: marks, and the types of events without one. */
  readonly marks: (bookId: string) => readonly unknown[];
  readonly hasEnded: () => boolean;
}

type Told = Readonly<Record<string, unknown>> & { readonly type: string };
type Open = (
  lastEventId: string | undefined,
  signal: AbortSignal,
) => AsyncIterable<readonly [string, { readonly type: string }, ...unknown[]]>;

const retryMs = 50;

/** As an async iterable; comes back with its last id when the store was away. */
export function readIterated(name: string, open: Open): Reader {
  const told: Told[] = [];
  const leaving = new AbortController();
  let lastEventId: string | undefined;
  let hasEnded = false;
  const read = async () => {
    for await (const [id, event] of open(lastEventId, leaving.signal)) {
      lastEventId = id;
      told.push({ ...event });
    }
    hasEnded = !leaving.signal.aborted;
  };
  void persist(read).catch((error: unknown) => told.push({ type: `failed with ${String(error)}` }));
  return {
    ...readerOf(name, () => told),
    hasEnded: () => hasEnded,
    [Symbol.dispose]: () => leaving.abort(),
  };
}

/** Over HTTP. */
export function readPlain(name: string, url: string): Reader {
  const reader = new PlainReader(url);
  return {
    ...readerOf(name, () => reader.deliveries.map(({ text }) => JSON.parse(text) as Told)),
    hasEnded: () => reader.ending === "completed",
    [Symbol.dispose]: () => reader[Symbol.dispose](),
  };
}

/** Again and again while the store is away. */
export async function persist<Result>(call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof AppError && error.reason === "STORE_UNAVAILABLE")) throw error;
      await delay(retryMs);
    }
  }
}

function readerOf(name: string, told: () => readonly Told[]) {
  return {
    name,
    count: () => told().length,
    marks: (bookId: string) =>
      told()
        // What is of no book is in each of them, and to be found there.
        .filter((event) => event["bookId"] === bookId || event["bookId"] === undefined)
        .map(({ type, mark }) => mark ?? type),
  };
}
