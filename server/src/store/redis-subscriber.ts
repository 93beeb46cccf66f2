import type { Redis } from "ioredis";
import { readMessage } from "./redis-message.js";
import { toStoreError } from "./redis-error.js";
import type { TopicListener } from "./store.js";

/** Channels per SUBSCRIBE when all of them are restored after a reconnect. */
const channelsPerSubscribe = 500;

/**
 * The one subscriber connection of a process. It subscribes again by itself after a reconnect, and only once that is
 * done tells the listeners: ioredis says `ready` before its own resubscription, when messages are still being missed.
 */
export class RedisSubscriber {
  readonly #channels = new Map<string, Channel>();

  constructor(private readonly redis: Redis) {
    redis.on("message", (name: string, text: string) => {
      const channel = this.#channels.get(name);
      if (!channel?.isLive) return;
      const message = readMessage(text);
      for (const listener of channel.listeners) listener.onMessage(message);
    });
    redis.on("close", () => {
      for (const channel of this.#channels.values()) channel.isLive = false;
    });
    redis.on("ready", () => void this.#restore());
  }

  async listen(name: string, listener: TopicListener): Promise<AsyncDisposable> {
    let channel = this.#channels.get(name);
    if (channel && !channel.isLive) throw toStoreError(new Error("The subscription is being restored."));
    if (!channel) {
      channel = { listeners: new Set(), subscribed: this.redis.subscribe(name), isLive: true };
      this.#channels.set(name, channel);
    }
    channel.listeners.add(listener);
    try {
      await channel.subscribed;
    } catch (error) {
      if (this.#channels.get(name) === channel) this.#channels.delete(name);
      throw toStoreError(error);
    }
    return { [Symbol.asyncDispose]: () => this.#remove(name, listener) };
  }

  /** Something may have been missed although the connection stood. */
  announceRestored(): void {
    for (const { listeners } of this.#channels.values())
      for (const listener of listeners) listener.onRestored();
  }

  async #remove(name: string, listener: TopicListener): Promise<void> {
    const channel = this.#channels.get(name);
    if (!channel?.listeners.delete(listener) || channel.listeners.size > 0) return;
    this.#channels.delete(name);
    if (this.redis.status !== "ready") return;
    await this.redis.unsubscribe(name).catch(() => this.redis.disconnect(true));
  }

  async #restore(): Promise<void> {
    const names = [...this.#channels.keys()];
    try {
      for (let start = 0; start < names.length; start += channelsPerSubscribe) {
        const some = names
          .slice(start, start + channelsPerSubscribe)
          .filter((name) => this.#channels.has(name));
        if (some.length > 0) await this.redis.subscribe(...some);
        for (const name of some) {
          const channel = this.#channels.get(name);
          if (!channel) continue;
          channel.isLive = true;
          for (const listener of channel.listeners) listener.onRestored();
        }
      }
    } catch {
      // Not every topic flows again. A new connection starts over; the change of state is reported from there.
      this.redis.disconnect(true);
    }
  }
}

interface Channel {
  readonly listeners: Set<TopicListener>;
  /** Settles when Redis has answered the first SUBSCRIBE. */
  readonly subscribed: Promise<unknown>;
  /** After a lost connection nothing is passed on before the listeners know that something may be missing. */
  isLive: boolean;
}
