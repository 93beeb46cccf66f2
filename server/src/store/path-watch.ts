import type { Redis } from "ioredis";
import { askAlive } from "./ask-alive.js";
import type { RedisSubscriber } from "./redis-subscriber.js";
import type { TopicListener } from "./store.js";

/** One message may still be on its way behind a proxy. */
const mostUnheard = 1;

export interface WatchedPath {
  readonly commands: Redis;
  readonly subscriber: Redis;
  readonly topics: RedisSubscriber;
  /** Of this process alone. */
  readonly channel: string;
}

/**
 * Proves that what is published over the one connection is heard over the other. After a failover the two may stand at
 * different servers, both of them alive: then every commit is made and nobody hears of it.
 */
export class PathWatch {
  #isListening = false;
  #sent = 0;
  #heard = 0;
  #unheard = 0;
  readonly #listener: TopicListener = {
    onMessage: ({ epoch: text }) => {
      this.#heard = Math.max(this.#heard, Number(text));
    },
    onRestored: () => this.forget(),
  };

  constructor(private readonly path: WatchedPath) {}

  /** A connection is new: what is under way on the one before does not count. */
  forget(): void {
    this.#unheard = 0;
  }

  /**
   * Sends one more message, and gives up connections that have vanished without a word.
   * @returns whether messages are heard.
   * @throws what Redis said when it does not let this user publish or subscribe, or that it does not answer.
   */
  async check(): Promise<boolean> {
    const { commands, subscriber, topics, channel } = this.path;
    if (!this.#isListening) await topics.listen(channel, this.#listener);
    this.#isListening = true;
    const number = ++this.#sent;
    try {
      const published = await askAlive(commands, () => commands.publish(channel, String(number)));
      if (published === null) return true;
    } finally {
      // The server answers behind the message, over the same connection.
      const answered = await askAlive(subscriber, () => subscriber.ping());
      if (this.#heard >= number) this.#unheard = 0;
      else if (answered !== null) this.#unheard += 1;
    }
    return this.#unheard <= mostUnheard;
  }
}
