import type { LogEntry, Store } from "../store/store.js";

/** Makes of an entry what this version can read. The same entry always becomes the same. */
export type Readable = (entry: LogEntry) => LogEntry;

/** The part of the store that hubs use, with every entry made readable. */
export type LogStore = Pick<Store, "head" | "replay" | "fork" | "listen" | "isReachable">;

export function readableStore(store: LogStore, readable: Readable): LogStore {
  return {
    head: (topic) => store.head(topic),
    fork: (topic, shared) => store.fork(topic, shared),
    async replay(topic, after, page) {
      const replay = await store.replay(topic, after, page);
      return replay.kind === "gap" ? replay : { ...replay, entries: replay.entries.map(readable) };
    },
    listen: (topic, listener) =>
      store.listen(topic, {
        onMessage: ({ epoch, entries }) => listener.onMessage({ epoch, entries: entries.map(readable) }),
        onRestored: () => listener.onRestored(),
      }),
    get isReachable() {
      return store.isReachable;
    },
  };
}
