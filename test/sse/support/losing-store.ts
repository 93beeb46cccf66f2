import { openMemoryStore } from "../../../server/src/store/memory-store.js";
import type { Store, TopicKey, TopicListener } from "../../../server/src/store/store.js";

/** A store that can lose everything, as a Redis without persistence does when it starts again. */
export interface LosingStore {
  readonly store: Store;
  /** From now on it is empty; listeners are told that they may have missed something. */
  loseEverything(): Promise<void>;
}

interface Listening {
  readonly topic: TopicKey;
  readonly listener: TopicListener;
  current: AsyncDisposable;
}

export function openLosingStore(): LosingStore {
  let current = openMemoryStore({ maxEvents: 1000 });
  const listenings = new Set<Listening>();
  const listen: Store["listen"] = async (topic, listener) => {
    const listening = { topic, listener, current: await current.listen(topic, listener) };
    listenings.add(listening);
    return {
      async [Symbol.asyncDispose]() {
        listenings.delete(listening);
        await listening.current[Symbol.asyncDispose]();
      },
    };
  };
  const store = new Proxy(current, {
    get(_, name) {
      if (name === "listen") return listen;
      const value: unknown = Reflect.get(current, name, current);
      return typeof value === "function" ? (value.bind(current) as unknown) : value;
    },
  });
  return {
    store,
    async loseEverything() {
      current = openMemoryStore({ maxEvents: 1000 });
      for (const listening of listenings) {
        await listening.current[Symbol.asyncDispose]();
        listening.current = await current.listen(listening.topic, listening.listener);
      }
      for (const { listener } of listenings) listener.onRestored();
    },
  };
}
