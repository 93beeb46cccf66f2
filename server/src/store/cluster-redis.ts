import { Cluster, type Redis } from "ioredis";
import { askAlive } from "./ask-alive.js";
import { slotOf } from "./cluster-slots.js";
import { ClusterSubscriber } from "./cluster-subscriber.js";
import { LossWatch, type Watched } from "./loss-watch.js";
import { RedisCheckup } from "./redis-checkup.js";
import { defineScripts } from "./redis-commands.js";
import { isRightMissing, MissingRights, toStoreError } from "./redis-error.js";
import type { RedisKeys } from "./redis-keys.js";
import type { RedisPlace } from "./redis-options.js";
import { proveRights } from "./redis-rights.js";
import {
  atMost,
  baseOptions,
  commandTimeoutMs,
  Reachability,
  reconnectDelayOf,
  watchMs,
  type RedisSetup,
  type RedisTopology,
} from "./redis-topology.js";
import type { StoreClock } from "./store-clock.js";
import type { TopicListener } from "./store.js";

/**
 * A Redis Cluster. It counts as reachable when every master that owns slots answers. Resolves after the first attempt to
 * connect, also when that failed: it goes on trying.
 */
export async function openClusterRedis(
  { nodes, options }: Extract<RedisPlace, { kind: "cluster" }>,
  { onReachable, onWarning, keys }: RedisSetup,
): Promise<RedisTopology> {
  const connection = { ...baseOptions, ...options };
  const cluster = new Cluster([...nodes], {
    lazyConnect: true,
    enableOfflineQueue: false,
    // Each master is asked below.
    enableReadyCheck: false,
    clusterRetryStrategy: reconnectDelayOf,
    // A command whose connection broke may have been carried out.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: commandTimeoutMs,
    // Certificates name hosts: each connection looks its address up by itself.
    dnsLookup: (host, callback) => callback(null, host),
    redisOptions: connection,
  });
  defineScripts(cluster);
  const subscriber = new ClusterSubscriber({
    connection,
    askSlots: () => cluster.cluster("SLOTS"),
    onChange: (error) => redis.report(error),
  });
  const redis = new ClusterRedis(
    cluster,
    subscriber,
    new Reachability(onReachable),
    new RedisCheckup(onWarning),
    keys,
  );
  await atMost(cluster.connect().catch((error: unknown) => redis.report(error)));
  await atMost(redis.check());
  redis.report();
  return redis;
}

class ClusterRedis implements RedisTopology {
  readonly publish = "SPUBLISH";
  readonly #lossWatch: LossWatch;
  readonly #lossMarks = new Map<number, string>();
  /** Connections over which this user has proved its rights. */
  #proven = new WeakSet<object>();
  #missingRights: MissingRights | undefined;
  readonly #timer = setInterval(() => void this.check(), watchMs).unref();
  #checking: Promise<void> | undefined;
  #lastError: unknown;
  #isServing = false;
  #isDisposed = false;

  constructor(
    readonly commands: Cluster,
    private readonly subscriber: ClusterSubscriber,
    private readonly reachability: Reachability,
    private readonly checkup: RedisCheckup,
    private readonly keys: RedisKeys,
  ) {
    this.#lossWatch = new LossWatch(() => subscriber.announceRestored());
    for (const event of ["error", "node error"])
      commands.on(event, (error: unknown) => {
        this.#lastError = error;
      });
    // At once and not with the first command, or those that come meanwhile would be refused.
    commands.on("+node", (node: Redis) => {
      if (!node.options.readOnly) queueMicrotask(() => void node.connect().catch(() => {}));
    });
    commands.on("-node", (node: Redis) => {
      if (!this.#owners().has(nameOf(node))) return;
      this.#isServing = false;
      this.report();
    });
    commands.on("close", () => {
      this.#isServing = false;
      this.report();
    });
    commands.on("ready", () => void this.check());
  }

  get isReachable(): boolean {
    return this.#isServing && !this.subscriber.isFailing;
  }

  masters(): readonly Redis[] {
    return this.commands.nodes("master");
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
    await this.check();
    if (this.#missingRights) throw toStoreError(this.#missingRights);
    if (!this.#isServing) throw toStoreError(new Error("Not every master of the Cluster answers."));
  }

  listen(channel: string, listener: TopicListener): Promise<AsyncDisposable> {
    return this.subscriber.listen(channel, listener);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearInterval(this.#timer);
    this.subscriber[Symbol.dispose]();
    this.commands.disconnect();
  }

  report(error = this.#lastError): void {
    if (!this.#isDisposed) this.reachability.update(this.isReachable, error);
  }

  check(): Promise<void> {
    this.#checking ??= this.#askMasters().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async #askMasters(): Promise<void> {
    const owners = this.#owners();
    const watched: Watched[] = [];
    for (const redis of this.commands.nodes("master")) {
      const slot = owners.get(nameOf(redis));
      if (slot !== undefined) watched.push({ redis, key: this.#lossMarkIn(slot) });
    }
    const failures = await this.#lossWatch.check(watched);
    if (failures.some(isRightMissing)) this.#proven = new WeakSet();
    failures.push(...(await this.#proveRights(watched)));
    if (failures.length === 0) await this.checkup.look(watched.map(({ redis }) => redis)).catch(() => {});
    const isReady = this.commands.status === "ready";
    this.#isServing = isReady && failures.length === 0 && watched.length === owners.size;
    // Who does not answer may have been replaced by another node, which only the others know.
    if (isReady && !this.#isServing) this.commands.refreshSlotsCache();
    this.report(failures[0]);
  }

  /** Each master has users of its own. A new connection to one may be to another server. */
  async #proveRights(watched: readonly Watched[]): Promise<MissingRights[]> {
    const unproven = watched.filter(({ redis }) => !this.#proven.has(redis.stream));
    const outcomes = await Promise.allSettled(
      unproven.map(async ({ redis, key }) => {
        const tag = /\{(.*)\}/.exec(key)?.[1] ?? "";
        if (await askAlive(redis, () => proveRights(redis, tag, this.publish, this.keys)))
          this.#proven.add(redis.stream);
      }),
    );
    const missing: MissingRights[] = [];
    for (const outcome of outcomes)
      if (outcome.status === "rejected" && outcome.reason instanceof MissingRights)
        missing.push(outcome.reason);
    if (unproven.length > 0) this.#missingRights = missing[0];
    return missing;
  }

  /** Every node that owns slots, with the first of them. */
  #owners(): Map<string, number> {
    const owners = new Map<string, number>();
    for (const [slot, [owner = ""] = []] of this.commands.slots.entries())
      if (!owners.has(owner)) owners.set(owner, slot);
    return owners;
  }

  /** A key of this slot, so that each master has a mark of its own to lose. */
  #lossMarkIn(slot: number): string {
    let mark = this.#lossMarks.get(slot);
    for (let number = 0; mark === undefined; number++) {
      const key = this.keys.generation(number);
      if (slotOf(key) === slot) this.#lossMarks.set(slot, (mark = key));
    }
    return mark;
  }
}

function nameOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}
