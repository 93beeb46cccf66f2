import { Redis } from "ioredis";
import { AppError } from "../app-error.js";
import { askAlive } from "./ask-alive.js";
import { randomEpoch } from "./epoch.js";
import { LossWatch } from "./loss-watch.js";
import { PathWatch } from "./path-watch.js";
import { RedisCheckup } from "./redis-checkup.js";
import { defineScripts } from "./redis-commands.js";
import {
  answer,
  isRedisAnswer,
  isRightMissing,
  MissingRights,
  redisErrorToken,
  toStoreError,
} from "./redis-error.js";
import type { RedisKeys } from "./redis-keys.js";
import type { ConnectionOptions } from "./redis-options.js";
import { proveRights } from "./redis-rights.js";
import { RedisSubscriber } from "./redis-subscriber.js";
import {
  atMost,
  baseOptions,
  Reachability,
  reconnectDelayOf,
  watchMs,
  type RedisSetup,
  type RedisTopology,
} from "./redis-topology.js";
import type { StoreClock } from "./store-clock.js";
import type { TopicListener } from "./store.js";

/**
 * One Redis, or the master that sentinels name. Two connections: one for commands and one subscriber for all topics of
 * this process. Resolves after the first attempt to connect, also when that failed or takes long: it goes on trying.
 */
export async function openSingleRedis(
  options: ConnectionOptions,
  { onReachable, onWarning, keys }: RedisSetup,
): Promise<RedisTopology> {
  const commands = new Redis({
    ...baseOptions,
    ...options,
    retryStrategy: reconnectDelayOf,
    sentinelRetryStrategy: reconnectDelayOf,
    // A master that became a replica answers so to writes: the next connections, both, go to the new master.
    reconnectOnError: (error) => {
      if (redisErrorToken(error) !== "READONLY") return false;
      subscriber.disconnect(true);
      return true;
    },
  });
  defineScripts(commands);
  const subscriber = commands.duplicate();
  const redis = new SingleRedis(
    commands,
    subscriber,
    new Reachability(onReachable),
    new RedisCheckup(onWarning),
    keys,
  );
  await atMost(Promise.allSettled([commands.connect(), subscriber.connect()]));
  await atMost(redis.check());
  redis.report();
  return redis;
}

class SingleRedis implements RedisTopology {
  readonly publish = "PUBLISH";
  readonly #topics: RedisSubscriber;
  readonly #lossWatch: LossWatch;
  readonly #pathWatch: PathWatch;
  readonly #timer = setInterval(() => void this.#watch(), watchMs).unref();
  #checking: Promise<void> | undefined;
  #isServing = false;
  #hasRights = false;
  #problem: unknown;
  #missingRights: MissingRights | undefined;
  #isDisposed = false;

  constructor(
    readonly commands: Redis,
    private readonly subscriber: Redis,
    private readonly reachability: Reachability,
    private readonly checkup: RedisCheckup,
    private readonly keys: RedisKeys,
  ) {
    this.#topics = new RedisSubscriber(subscriber);
    this.#lossWatch = new LossWatch(() => this.#topics.announceRestored());
    this.#pathWatch = new PathWatch({
      commands,
      subscriber,
      topics: this.#topics,
      channel: keys.watch(randomEpoch()),
    });
    // After a lost connection everybody looks anyway.
    commands.on("ready", () => {
      this.#lossWatch.forget();
      this.checkup.forget();
      this.#hasRights = false;
      void this.check();
    });
    for (const connection of [commands, subscriber]) {
      connection.on("error", (error) => {
        this.#problem = error;
      });
      connection.on("close", () => {
        this.#isServing = false;
        this.#pathWatch.forget();
        this.report();
      });
    }
    subscriber.on("ready", () => void this.check());
  }

  get isReachable(): boolean {
    return this.#isConnected && this.#isServing;
  }

  masters(): readonly Redis[] {
    return [this.commands];
  }

  get clock(): StoreClock {
    return this.checkup.clock;
  }

  get warnings(): readonly string[] {
    return this.checkup.warnings;
  }

  get missingRights(): MissingRights | undefined {
    return this.#missingRights;
  }

  async ping(): Promise<void> {
    await answer(this.commands.ping());
    if (!this.isReachable) await this.check();
    if (!this.isReachable) throw toStoreError(this.#problem ?? new Error("The connections are being made."));
  }

  listen(channel: string, listener: TopicListener): Promise<AsyncDisposable> {
    return this.#topics.listen(channel, listener);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearInterval(this.#timer);
    this.subscriber.disconnect();
    this.commands.disconnect();
  }

  /** A look that is begun now: one under way may have begun before what it is to see. */
  async check(): Promise<void> {
    await this.#checking;
    await this.#watch();
  }

  report(): void {
    if (!this.#isDisposed) this.reachability.update(this.isReachable, this.#problem);
  }

  get #isConnected(): boolean {
    return [this.commands, this.subscriber].every(({ status }) => status === "ready");
  }

  #watch(): Promise<void> {
    this.#checking ??= this.#look().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async #look(): Promise<void> {
    if (!this.#isConnected) return this.#pingSubscriber();
    const [failure] = await this.#lossWatch.check([{ redis: this.commands, key: this.keys.generation() }]);
    const isRefused = isRightMissing(failure);
    if (isRefused) this.#hasRights = false;
    const problem = failure === undefined || isRefused ? await this.#prove() : failure;
    if (!this.#isConnected) return;
    this.#isServing = problem === undefined;
    this.#problem = problem;
    this.report();
  }

  async #pingSubscriber(): Promise<void> {
    if (this.subscriber.status !== "ready") return;
    // When it has vanished, its connection is made anew and tells the rest.
    await askAlive(this.subscriber, () => this.subscriber.ping()).catch(() => {});
  }

  /** @returns why commits would not be made whole, or not be heard. */
  async #prove(): Promise<unknown> {
    try {
      if (!this.#hasRights) this.#missingRights = await this.#findMissingRights();
      if (this.#missingRights) return this.#missingRights;
      await askAlive(this.commands, () => this.checkup.look([this.commands]));
      if (await this.#pathWatch.check()) return undefined;
      this.subscriber.disconnect(true);
      return new Error("What is published is not heard: the subscriber is at another server.");
    } catch (error) {
      const refusal = error instanceof AppError ? error.cause : error;
      if (!isRightMissing(refusal)) return error;
      return (this.#missingRights = new MissingRights([refusal]));
    }
  }

  /** A Redis that is full or busy does not tell: it is asked again. */
  async #findMissingRights(): Promise<MissingRights | undefined> {
    try {
      const answered = await askAlive(this.commands, () =>
        proveRights(this.commands, "rights", this.publish, this.keys),
      );
      this.#hasRights = answered !== null;
      return undefined;
    } catch (error) {
      if (error instanceof MissingRights) return error;
      if (isRedisAnswer(error)) return undefined;
      throw error;
    }
  }
}
