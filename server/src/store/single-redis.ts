import { Redis } from "ioredis";
import { LossWatch } from "./loss-watch.js";
import { defineScripts } from "./redis-commands.js";
import { answer } from "./redis-error.js";
import type { ConnectionOptions } from "./redis-options.js";
import { RedisSubscriber } from "./redis-subscriber.js";
import {
  baseOptions,
  Reachability,
  reconnectDelayOf,
  watchMs,
  type OnReachable,
  type RedisTopology,
} from "./redis-topology.js";
import type { TopicListener } from "./store.js";

const lossMark = "jw:generation";

/**
 * One Redis, or the master that sentinels name. Two connections: one for commands and one subscriber for all topics of
 * this process. Resolves after the first attempt to connect, also when that failed: it goes on trying.
 */
export async function openSingleRedis(
  options: ConnectionOptions,
  onReachable: OnReachable,
): Promise<RedisTopology> {
  const commands = new Redis({
    ...baseOptions,
    ...options,
    retryStrategy: reconnectDelayOf,
    sentinelRetryStrategy: reconnectDelayOf,
    // A master that became a replica answers so to writes: the next connection goes to the new master.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  });
  defineScripts(commands);
  const subscriber = commands.duplicate();
  const redis = new SingleRedis(commands, subscriber, onReachable);
  await Promise.allSettled([commands.connect(), subscriber.connect()]);
  return redis;
}

class SingleRedis implements RedisTopology {
  readonly publish = "PUBLISH";
  readonly #topics: RedisSubscriber;
  readonly #lossWatch: LossWatch;
  readonly #timer = setInterval(() => this.#watch(), watchMs).unref();
  #isDisposed = false;

  constructor(
    readonly commands: Redis,
    private readonly subscriber: Redis,
    onReachable: OnReachable,
  ) {
    this.#topics = new RedisSubscriber(subscriber);
    this.#lossWatch = new LossWatch(() => this.#topics.announceRestored());
    // After a lost connection everybody looks anyway.
    commands.on("ready", () => {
      this.#lossWatch.forget();
      this.#watch();
    });
    this.#report(new Reachability(onReachable));
  }

  get isReachable(): boolean {
    return [this.commands, this.subscriber].every(({ status }) => status === "ready");
  }

  async ping(): Promise<void> {
    await answer(this.commands.ping());
  }

  listen(channel: string, listener: TopicListener): Promise<AsyncDisposable> {
    return this.#topics.listen(channel, listener);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearInterval(this.#timer);
    this.#topics[Symbol.dispose]();
    this.subscriber.disconnect();
    this.commands.disconnect();
  }

  #watch(): void {
    void this.#lossWatch.check([{ redis: this.commands, key: lossMark }]);
  }

  #report(reachability: Reachability): void {
    let lastError: unknown;
    for (const connection of [this.commands, this.subscriber]) {
      connection.on("error", (error) => {
        lastError = error;
      });
      connection.on("ready", () => {
        if (this.isReachable) reachability.update(true);
      });
      connection.on("close", () => {
        if (!this.#isDisposed) reachability.update(false, lastError);
      });
    }
  }
}
