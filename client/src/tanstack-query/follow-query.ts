import type { QueryFunctionContext, QueryKey } from "@tanstack/react-query";
import { thrownOf } from "../live/stream-connection.js";
import type { StreamPool } from "../live/stream-pool.js";

export interface FollowedStream<Data, Input, State, Item> {
  readonly pool: StreamPool<Input, State, Item>;
  readonly input: Input;
  /** `null` until it is known. */
  readonly dataOf: (state: State) => Data | null;
  /** The data without its stream, for a server. */
  readonly load: (signal: AbortSignal) => Promise<Data>;
}

/** What ends the stream of a query. */
const followed = new WeakMap<object, () => void>();

/** So long a stream outlives its last component: StrictMode mounts twice, and what was prefetched is shown after a while. */
const lingerMs = 5000;

/** Whether a stream keeps the data current. */
export function isFollowed(query: object): boolean {
  return followed.has(query);
}

/**
 * Resolves with the first data and writes what comes after to the cache, until no component has used the query for some
 * seconds. A stream that fails later makes the query be asked for anew, which says the error.
 */
export function followQuery<Data, Input, State, Item, Key extends QueryKey>(
  { client, queryKey, signal }: QueryFunctionContext<Key>,
  { pool, input, dataOf, load }: FollowedStream<Data, Input, State, Item>,
): Promise<Data> {
  const cache = client.getQueryCache();
  const query = cache.find({ queryKey, exact: true });
  if (!query || !("window" in globalThis)) return load(signal);

  return new Promise((resolve, reject) => {
    let shown: Data | null = null;
    let closing: ReturnType<typeof setTimeout> | undefined;
    const stop = () => {
      clearTimeout(closing);
      leaveCache();
      leaveStream();
      signal.removeEventListener("abort", abort);
      if (followed.get(query) === stop) followed.delete(query);
    };
    const abort = () => {
      stop();
      reject(signal.reason as Error);
    };
    const countUsers = () => {
      clearTimeout(closing);
      if (query.getObserversCount() === 0) closing = setTimeout(stop, lingerMs);
    };
    const take = () => {
      const { state, connection } = pool.read(input);
      const data = dataOf(state);
      if (connection.state === "failed") {
        stop();
        if (shown === null) reject(thrownOf(connection.error));
        else void client.invalidateQueries({ queryKey, exact: true });
      } else if (data !== null && shown === null) {
        signal.removeEventListener("abort", abort);
        countUsers();
        shown = data;
        resolve(data);
      } else if (data !== null && data !== shown) {
        shown = data;
        client.setQueryData<Data>(queryKey, () => data);
      }
    };
    signal.addEventListener("abort", abort, { once: true });
    const leaveCache = cache.subscribe((event) => {
      if (event.query !== query || shown === null) return;
      if (event.type === "removed") stop();
      else if (event.type === "observerAdded" || event.type === "observerRemoved") countUsers();
    });
    pool.retry(input);
    const leaveStream = pool.subscribe(input, take);
    followed.get(query)?.();
    followed.set(query, stop);
    take();
  });
}
