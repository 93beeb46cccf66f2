import type { Cursor } from "@jobwire/shared";
import { Redis, type ChainableCommander, type Result } from "ioredis";
import { planCommit } from "./commit-plan.js";
import { commitScript } from "./commit.lua.js";
import { randomEpoch } from "./epoch.js";
import { forkScript, maxAncestors } from "./fork.lua.js";
import { LossWatch } from "./loss-watch.js";
import { answer, toStoreError } from "./redis-error.js";
import { redisKeys } from "./redis-keys.js";
import { redisOptionsOf, type ConnectionOptions } from "./redis-options.js";
import { headFields, readEntries, readHead, readRecord, replayOf } from "./redis-reply.js";
import { RedisSubscriber } from "./redis-subscriber.js";
import type {
  Commit,
  Committed,
  Replay,
  Retention,
  StateKey,
  StatePage,
  StateQuery,
  StateRecord,
  Store,
  TopicHead,
  TopicKey,
  TopicListener,
} from "./store.js";

declare module "ioredis" {
  interface RedisCommander<Context> {
    jobwireFork(keyCount: number, ...keysAndArguments: string[]): Result<number, Context>;
    jobwireCommit(keyCount: number, ...keysAndArguments: string[]): Result<string[], Context>;
  }
}

export interface RedisStoreOptions extends Retention {
  readonly url: string;
  /** Called once for each change between reachable and not. */
  readonly onReachable: (reachable: boolean, error?: unknown) => void;
}

/** How long a command may take before the store counts as away: callers are to know within two seconds. */
const commandTimeoutMs = 1500;
const maxReconnectDelayMs = 1000;

/**
 * State and logs in Redis 6.2 or newer. Two connections: commands, which fail fast instead of queueing while Redis is
 * away, and one subscriber for all topics of this process. Resolves after the first attempt to connect, also when that
 * failed: the store goes on trying.
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<Store> {
  const connectionOptions: ConnectionOptions = {
    ...redisOptionsOf(options.url),
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: commandTimeoutMs,
    retryStrategy: reconnectDelayOf,
    sentinelRetryStrategy: reconnectDelayOf,
    // A master that became a replica answers so to writes: the next connection goes to the new master.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  };
  const commands = new Redis(connectionOptions);
  commands.defineCommand("jobwireCommit", { lua: commitScript });
  commands.defineCommand("jobwireFork", { lua: forkScript });
  const subscriber = commands.duplicate();
  const store = new RedisStore(commands, subscriber, options);
  reportReachable(store, [commands, subscriber], options.onReachable);
  await Promise.allSettled([commands.connect(), subscriber.connect()]);
  return store;
}

function reconnectDelayOf(attempt: number): number {
  return Math.random() * Math.min(maxReconnectDelayMs, 50 * 2 ** attempt);
}

class RedisStore implements Store {
  readonly #topics: RedisSubscriber;
  readonly #lossWatch: LossWatch;
  isDisposed = false;

  constructor(
    private readonly commands: Redis,
    private readonly subscriber: Redis,
    private readonly retention: Retention,
  ) {
    this.#topics = new RedisSubscriber(subscriber);
    this.#lossWatch = new LossWatch(commands, () => this.#topics.announceRestored());
  }

  async commit(change: Commit): Promise<Committed> {
    const plan = planCommit(change, this.retention);
    const [accepted, ...reply] = await answer(
      this.commands.jobwireCommit(plan.keys.length, ...plan.keys, ...plan.args),
    );
    return accepted === "1"
      ? { accepted: true, cursors: plan.cursors(reply) }
      : { accepted: false, state: readRecord(reply) };
  }

  async readState(key: StateKey): Promise<StateRecord | null> {
    const record = await answer(this.commands.hgetall(redisKeys.state(key)));
    return Object.keys(record).length === 0 ? null : record;
  }

  async listStates({ scope, index, order, after, limit }: StateQuery): Promise<StatePage> {
    const indexKey = redisKeys.index(scope, index);
    const items: { key: string; state: StateRecord }[] = [];
    let from = after;
    for (;;) {
      const keys = await answer(
        order === "ascending"
          ? this.commands.zrangebylex(indexKey, from === undefined ? "-" : `(${from}`, "+", "LIMIT", 0, limit)
          : this.commands.zrevrangebylex(
              indexKey,
              from === undefined ? "+" : `(${from}`,
              "-",
              "LIMIT",
              0,
              limit,
            ),
      );
      const states = await Promise.all(keys.map((key) => this.readState({ scope, key })));
      const expired: string[] = [];
      for (const [position, key] of keys.entries()) {
        const state = states[position];
        if (!state) expired.push(key);
        else if (items.length < limit) items.push({ key, state });
        else return { items, next: items.at(-1)?.key ?? null };
      }
      if (expired.length > 0) await answer(this.commands.zrem(indexKey, ...expired));
      if (keys.length < limit) return { items, next: null };
      from = keys.at(-1);
    }
  }

  async head(topic: TopicKey): Promise<TopicHead> {
    const [head] = await this.#readTopic(topic, (read) => read);
    return readHead(head);
  }

  async replay(topic: TopicKey, after: Cursor | null, limit: number): Promise<Replay> {
    const log = redisKeys.log(topic);
    const [head, oldest, rest] = await this.#readTopic(topic, (read) =>
      read
        .xrange(log, "-", "+", "COUNT", 1)
        .xrange(log, `${(after?.offset ?? 0) + 1}-0`, "+", "COUNT", limit),
    );
    return replayOf(head, readEntries(oldest)[0], readEntries(rest), after);
  }

  async fork(topic: TopicKey, shared: Cursor): Promise<void> {
    const { epoch, offset } = shared;
    const key = redisKeys.head(topic);
    await answer(
      this.commands.jobwireFork(1, key, epoch, String(offset), randomEpoch(), String(maxAncestors)),
    );
  }

  listen(topic: TopicKey, listener: TopicListener): Promise<AsyncDisposable> {
    return this.#topics.listen(redisKeys.channel(topic), listener);
  }

  get isReachable(): boolean {
    return [this.commands, this.subscriber].every(({ status }) => status === "ready");
  }

  async ping(): Promise<void> {
    await answer(this.commands.ping());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    this.#lossWatch[Symbol.dispose]();
    this.#topics[Symbol.dispose]();
    this.subscriber.disconnect();
    this.commands.disconnect();
  }

  /** One atomic read of the topic's head and what else `read` asks for; draws the epoch of a topic that is new. */
  async #readTopic(
    topic: TopicKey,
    read: (reads: ChainableCommander) => ChainableCommander,
  ): Promise<unknown[]> {
    const key = redisKeys.head(topic);
    const replies = await this.#transaction(read(this.commands.multi().hmget(key, ...headFields)));
    if (readHead(replies[0]).cursor.epoch !== "") return replies;
    await this.#transaction(
      this.commands.multi().hsetnx(key, "epoch", randomEpoch()).hsetnx(key, "offset", "0"),
    );
    return this.#readTopic(topic, read);
  }

  async #transaction(commands: ChainableCommander): Promise<unknown[]> {
    const replies = (await answer(commands.exec())) ?? [];
    return replies.map(([error, reply]) => {
      if (error) throw toStoreError(error);
      return reply;
    });
  }
}

function reportReachable(
  store: RedisStore,
  connections: readonly Redis[],
  report: RedisStoreOptions["onReachable"],
): void {
  let reported: boolean | undefined;
  let lastError: unknown;
  for (const connection of connections) {
    connection.on("error", (error) => {
      lastError = error;
    });
    connection.on("ready", () => {
      if (!store.isReachable || reported === true) return;
      reported = true;
      report(true);
    });
    connection.on("close", () => {
      if (reported === false || store.isDisposed) return;
      reported = false;
      report(false, lastError);
    });
  }
}
