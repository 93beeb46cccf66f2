import type { Cursor } from "@jobwire/shared";
import { openClusterRedis } from "./cluster-redis.js";
import { planCommit } from "./commit-plan.js";
import { randomEpoch } from "./epoch.js";
import { maxAncestors } from "./fork.lua.js";
import type { OnWarning } from "./redis-checkup.js";
import type { RedisCommands } from "./redis-commands.js";
import { answer, toStoreError } from "./redis-error.js";
import { defaultPrefix, RedisKeys } from "./redis-keys.js";
import { redisPlaceOf, type RedisPlace } from "./redis-options.js";
import {
  keyOfMember,
  readEntries,
  readHead,
  readOffset,
  readPage,
  readRecord,
  replayOf,
} from "./redis-reply.js";
import type { OnReachable, RedisTopology } from "./redis-topology.js";
import { openSingleRedis } from "./single-redis.js";
import type { StoreClock } from "./store-clock.js";
import { emptyTopicMs } from "./store.js";
import type {
  Commit,
  Committed,
  DuePage,
  DueQuery,
  FoundState,
  Page,
  Replay,
  Retention,
  StateKey,
  StatePage,
  StateQuery,
  StateRecord,
  StateSelection,
  Store,
  TopicHead,
  TopicKey,
  TopicListener,
} from "./store.js";
import { expectRetention } from "./whole-numbers.js";

export interface RedisStoreOptions extends Retention {
  /** Where Redis is: the text of a `REDIS_URL`, or what was read of one. */
  readonly url: string | RedisPlace;
  /** What all keys and channels begin with; default `jw`. Several Jobwires on one Redis have one each. */
  readonly prefix?: string | undefined;
  readonly onReachable: OnReachable;
  /** Default: nobody is told; `warnings` has them all the same. */
  readonly onWarning?: OnWarning;
}

/** State and logs in Redis: 6.2 or newer, 7.0 or newer for a Cluster. Opens also while Redis is away. */
export async function openRedisStore({
  url,
  onReachable,
  onWarning = () => {},
  prefix = defaultPrefix,
  ...retention
}: RedisStoreOptions): Promise<Store> {
  expectRetention(retention);
  const place = typeof url === "string" ? redisPlaceOf(url) : url;
  const keys = new RedisKeys(prefix);
  const setup = { onReachable, onWarning, keys };
  const redis =
    place.kind === "single"
      ? await openSingleRedis(place.options, setup)
      : await openClusterRedis(place, setup);
  return new RedisStore(redis, retention, keys);
}

/** Follows a key in the indexes and whatever text is listed with it: `textMark` with the character after its last one. */
const afterTexts = "\u0001\u000b";

/** Keys that Redis looks at before it answers and lets others in. */
const scanCount = 1000;
/** Under this name the counts have how many are due. */
const dueCount = "";
/** How many indexes one run of the script counts. */
const recountedAtOnce = 500;

class RedisStore implements Store {
  readonly #commands: RedisCommands;

  constructor(
    private readonly redis: RedisTopology,
    private readonly retention: Retention,
    private readonly keys: RedisKeys,
  ) {
    this.#commands = redis.commands;
  }

  async commit(change: Commit): Promise<Committed> {
    if (this.redis.missingRights) throw toStoreError(this.redis.missingRights);
    const plan = planCommit(change, this.retention, this.redis.publish, this.keys);
    const [accepted, ...reply] = await answer(
      this.#commands.jobwireCommit(plan.keys.length, ...plan.keys, ...plan.args),
    );
    return accepted === "0"
      ? { accepted: false, state: readRecord(reply) }
      : { accepted: true, cursors: plan.cursors(reply), ...(accepted === "2" && { repeated: true }) };
  }

  async readState(key: StateKey): Promise<StateRecord | null> {
    const record = await answer(this.#commands.hgetall(this.keys.state(key)));
    return Object.keys(record).length === 0 ? null : record;
  }

  async listStates(query: StateQuery): Promise<StatePage> {
    const { order, after, limit, ...selection } = query;
    const { page, members } = readPage(await this.#select("list", selection, order, after, limit));
    if (members.length === 0) return page;
    // A state that is there after all was written meanwhile, or has moved to another node.
    return (await this.#unlist(selection, members)) === 0 ? page : this.listStates(query);
  }

  async countListed(selection: StateSelection): Promise<number> {
    let [total, after]: [number, string | undefined] = [0, undefined];
    do {
      const { page, count } = readPage(await this.#select("count", selection, "ascending", after, 1));
      total += count;
      after = page.next ?? undefined;
    } while (after !== undefined);
    return total;
  }

  async listDue({ scope, limit }: DueQuery): Promise<DuePage> {
    const keysOfScope = [this.keys.due(scope), this.keys.counts(scope)];
    const [lost, keys] = await answer(this.#commands.jobwireListDue(2, ...keysOfScope, String(limit)));
    const items = await Promise.all(
      keys.map(async (key) => ({ key, state: await this.readState({ scope, key }) })),
    );
    return { items, isLost: lost === "1" };
  }

  async nextDue(scope: string): Promise<number | null> {
    const first = this.#commands.zrangebyscore(
      this.keys.due(scope),
      "-inf",
      "inf",
      "WITHSCORES",
      "LIMIT",
      0,
      1,
    );
    const [, dueMs] = await answer(first);
    return dueMs === undefined ? null : Number(dueMs);
  }

  async countStates(scope: string, indexes?: readonly string[]): Promise<Readonly<Record<string, number>>> {
    if (indexes) {
      if (indexes.length === 0) return {};
      const listed = await answer(this.#commands.hmget(this.keys.counts(scope), ...indexes));
      return Object.fromEntries(indexes.map((index, position) => [index, Number(listed[position] ?? 0)]));
    }
    const counts = await answer(this.#commands.hgetall(this.keys.counts(scope)));
    return Object.fromEntries(
      Object.entries(counts).flatMap(([index, count]) =>
        index === dueCount ? [] : [[index, Number(count)]],
      ),
    );
  }

  async recount(scope: string, indexes: Iterable<string>): Promise<void> {
    const countsKey = this.keys.counts(scope);
    const counted = Object.keys(await answer(this.#commands.hgetall(countsKey)));
    const names = [...new Set([dueCount, ...counted, ...indexes])];
    for (let start = 0; start < names.length; start += recountedAtOnce) {
      const page = names.slice(start, start + recountedAtOnce);
      const listKeys = page.map((name) =>
        name === dueCount ? this.keys.due(scope) : this.keys.index(scope, name),
      );
      await answer(this.#commands.jobwireRecount(1 + page.length, countsKey, ...listKeys, ...page));
    }
  }

  async *scanStates(beginning: StateKey): AsyncGenerator<FoundState> {
    const pattern = this.keys.statePattern(beginning);
    for (const master of this.redis.masters()) {
      let cursor = "0";
      do {
        const [next, names] = await answer(master.scan(cursor, "MATCH", pattern, "COUNT", scanCount));
        cursor = next;
        for (const name of names) {
          const key = this.keys.readState(name);
          const state = key && (await this.readState(key));
          if (state) yield { ...key, state };
        }
      } while (cursor !== "0");
    }
  }

  async head(topic: TopicKey): Promise<TopicHead> {
    const [head] = await answer(
      this.#commands.jobwireReadTopic(1, this.keys.head(topic), randomEpoch(), this.#emptyTopicMs),
    );
    return readHead(head);
  }

  async replay(topic: TopicKey, after: Cursor | null, page: Page): Promise<Replay> {
    const keys = [this.keys.head(topic), this.keys.log(topic)];
    const range = [after?.offset ?? 0, page.entries, page.bytes].map(String);
    const [head, oldest, rest] = await answer(
      this.#commands.jobwireReadTopic(2, ...keys, randomEpoch(), this.#emptyTopicMs, ...range),
    );
    return replayOf(head, readOffset(oldest), readEntries(rest), after);
  }

  async fork(topic: TopicKey, shared: Cursor): Promise<void> {
    const { epoch, offset } = shared;
    const key = this.keys.head(topic);
    await answer(
      this.#commands.jobwireFork(1, key, epoch, String(offset), randomEpoch(), String(maxAncestors)),
    );
  }

  listen(topic: TopicKey, listener: TopicListener): Promise<AsyncDisposable> {
    return this.redis.listen(this.keys.channel(topic), listener);
  }

  get clock(): StoreClock {
    return this.redis.clock;
  }

  get warnings(): readonly string[] {
    return this.redis.warnings;
  }

  get isReachable(): boolean {
    return this.redis.isReachable;
  }

  ping(): Promise<void> {
    return this.redis.ping();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.redis[Symbol.dispose]();
  }

  get #emptyTopicMs(): string {
    return String(this.retention.emptyTopicMs ?? emptyTopicMs);
  }

  /** @returns how many have a state after all. */
  #unlist({ scope, index }: StateSelection, members: readonly string[]): Promise<number> {
    const indexes = [index].flat();
    const keys = [
      this.keys.counts(scope),
      ...indexes.map((name) => this.keys.index(scope, name)),
      ...members.map((member) => this.keys.state({ scope, key: keyOfMember(member) })),
    ];
    return answer(
      this.#commands.jobwireUnlist(keys.length, ...keys, String(indexes.length), ...indexes, ...members),
    );
  }

  #select(
    mode: "list" | "count",
    { scope, index, from, to, contains }: StateSelection,
    order: StateQuery["order"],
    after: string | undefined,
    limit: number,
  ): Promise<unknown[]> {
    const indexes = [index].flat();
    const lowest = from === undefined ? "-" : `[${from}`;
    const highest = to === undefined ? "+" : `(${to}`;
    const [start, end] = order === "ascending" ? [lowest, highest] : [highest, lowest];
    const keys = [this.keys.counts(scope), ...indexes.map((name) => this.keys.index(scope, name))];
    return answer(
      this.#commands.jobwireListStates(
        keys.length,
        ...keys,
        mode,
        order,
        after === undefined ? start : order === "ascending" ? `[${after}${afterTexts}` : `(${after}`,
        end,
        String(limit),
        this.keys.state({ scope, key: "" }),
        // The script's JSON reader refuses half a surrogate pair. None is listed: see `planCommit`.
        JSON.stringify((contains?.texts ?? []).map((text) => text.toWellFormed())),
        contains?.inKeys ? "1" : "0",
        ...indexes,
      ),
    );
  }
}
