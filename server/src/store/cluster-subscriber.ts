import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { movedTo, readSlotOwners, slotOf } from "./cluster-slots.js";
import { toStoreError } from "./redis-error.js";
import { readMessage } from "./redis-message.js";
import type { ConnectionOptions } from "./redis-options.js";
import { commandTimeoutMs, reconnectDelayOf, watchMs } from "./redis-topology.js";
import { shardChannelsOf, ShardConnections } from "./shard-connections.js";
import type { TopicListener } from "./store.js";

/** Slots whose channels are restored at once: whoever is told reads from Redis. */
const slotsAtOnce = 200;

/** How often a node may name another one before the slot counts as being nowhere. */
const maxRedirections = 5;

export interface ClusterSubscriberOptions {
  readonly connection: ConnectionOptions;
  /** Asks any node for `CLUSTER SLOTS`. */
  readonly askSlots: () => Promise<unknown>;
  /** Called when `isFailing` may have changed. */
  readonly onChange: (error?: unknown) => void;
}

/**
 * The topics of a process in a Cluster: shard channels, each subscribed to at the node that owns its slot. A channel
 * whose slot or node is gone is subscribed to again where its slot is now, and its listeners are told.
 */
export class ClusterSubscriber implements Disposable {
  readonly #channels = new Map<string, Channel>();
  readonly #shards: ShardConnections;
  readonly #timer = setInterval(() => void this.#watch(), watchMs).unref();
  #owners = new Map<number, string>();
  #learning: Promise<ReadonlyMap<number, string>> | undefined;
  #isRestoring = false;
  #isFailing = false;
  #isDisposed = false;

  constructor(private readonly options: ClusterSubscriberOptions) {
    this.#shards = new ShardConnections(options.connection, {
      onMessage: (node, name, text) => this.#pass(node, name, text),
      onSlotsLeft: (node) => this.#lose(node, shardChannelsOf(node)),
      onClosed: (node, error) => {
        if (this.#lose(node, new Set())) this.#setFailing(true, error);
      },
    });
  }

  /** Some topics do not flow because a node cannot be reached. A slot that moves is not such a case. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  async listen(name: string, listener: TopicListener): Promise<AsyncDisposable> {
    let channel = this.#channels.get(name);
    if (channel?.place === "lost") throw toStoreError(new Error("The subscription is being restored."));
    if (!channel) {
      channel = { name, slot: slotOf(name), listeners: new Set(), place: "joining", joined: undefined };
      this.#channels.set(name, channel);
      channel.joined = inTime(this.#subscribe(channel.slot, [channel]));
    }
    channel.listeners.add(listener);
    try {
      await channel.joined;
    } catch (error) {
      if (this.#channels.get(name) === channel) this.#channels.delete(name);
      throw toStoreError(error);
    }
    return { [Symbol.asyncDispose]: () => this.#remove(name, listener) };
  }

  /** Something may have been missed although all subscriptions held. */
  announceRestored(): void {
    for (const channel of this.#channels.values()) announce(channel);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearInterval(this.#timer);
    this.#shards[Symbol.dispose]();
  }

  /** After a lost subscription nothing is passed on before the listeners know that something may be missing. */
  #pass(node: Redis, name: string, text: string): void {
    const channel = this.#channels.get(name);
    if (channel?.place !== node) return;
    const message = readMessage(text);
    for (const listener of channel.listeners) listener.onMessage(message);
  }

  async #remove(name: string, listener: TopicListener): Promise<void> {
    const channel = this.#channels.get(name);
    if (!channel?.listeners.delete(listener) || channel.listeners.size > 0) return;
    this.#channels.delete(name);
    if (typeof channel.place === "object") await unsubscribe(channel.place, name);
  }

  /** Subscribes to channels of one slot at the node that owns it, wherever that is. */
  async #subscribe(slot: number, channels: readonly Channel[]): Promise<void> {
    for (let redirection = 0; redirection <= maxRedirections; redirection++) {
      const owner = this.#owners.get(slot) ?? (await this.#learnOwners()).get(slot);
      if (owner === undefined) break;
      const node = await this.#shards.to(owner);
      try {
        await node.ssubscribe(...channels.map(({ name }) => name));
      } catch (error) {
        const target = movedTo(error);
        if (target === null) throw error;
        this.#owners.set(slot, target);
        continue;
      }
      for (const channel of channels) await this.#settle(channel, node);
      return;
    }
    throw new Error(`No node of the Cluster serves slot ${slot}.`);
  }

  /** Asks once for all who want to know. */
  #learnOwners(): Promise<ReadonlyMap<number, string>> {
    this.#learning ??= this.#askOwners().finally(() => (this.#learning = undefined));
    return this.#learning;
  }

  async #askOwners(): Promise<ReadonlyMap<number, string>> {
    this.#owners = readSlotOwners(await this.options.askSlots());
    return this.#owners;
  }

  async #settle(channel: Channel, node: Redis): Promise<void> {
    const { name, place } = channel;
    const current = this.#channels.get(name);
    if (!current) return unsubscribe(node, name);
    if (current !== channel) return;
    channel.place = node;
    // The slot may have left in the same breath.
    if (!shardChannelsOf(node).has(name)) this.#lose(node, shardChannelsOf(node));
    else if (place === "lost") announce(channel);
  }

  /** @returns whether the node had channels that are not among those it keeps. */
  #lose(node: Redis, kept: ReadonlySet<string>): boolean {
    let hasLost = false;
    for (const channel of this.#channels.values()) {
      if (channel.place !== node || kept.has(channel.name)) continue;
      hasLost = true;
      channel.place = "lost";
      this.#owners.delete(channel.slot);
    }
    if (hasLost) void this.#restore();
    return hasLost;
  }

  /** Until no channel is lost. */
  async #restore(): Promise<void> {
    if (this.#isRestoring) return;
    this.#isRestoring = true;
    for (let attempt = 1; !this.#isDisposed; attempt++) {
      const lost = this.#lostBySlot();
      if (lost.length === 0) break;
      let failure: unknown;
      for (let start = 0; start < lost.length; start += slotsAtOnce) {
        const some = lost.slice(start, start + slotsAtOnce);
        const results = await Promise.allSettled(some.map(([slot, all]) => this.#subscribe(slot, all)));
        for (const result of results) if (result.status === "rejected") failure = result.reason;
      }
      if (failure === undefined) continue;
      this.#setFailing(true, failure);
      this.#owners.clear();
      await delay(reconnectDelayOf(attempt), undefined, { ref: false });
    }
    this.#isRestoring = false;
    this.#setFailing(false);
  }

  #lostBySlot(): [slot: number, channels: Channel[]][] {
    const bySlot = new Map<number, Channel[]>();
    for (const channel of this.#channels.values()) {
      if (channel.place !== "lost") continue;
      const others = bySlot.get(channel.slot);
      if (others) others.push(channel);
      else bySlot.set(channel.slot, [channel]);
    }
    return [...bySlot];
  }

  /**
   * A master that has become a replica keeps its subscriptions, and hears only what its own master lets it. While a slot
   * moves, commits to it are made at either node, and messages published at the new one reach nobody: who
   * listens looks into the log until the move is over.
   */
  async #watch(): Promise<void> {
    const { migrating, replicas } = await this.#shards.survey();
    for (const node of replicas) this.#lose(node, new Set());
    if (migrating.size === 0) return;
    for (const channel of this.#channels.values())
      if (migrating.has(channel.slot) && typeof channel.place === "object") announce(channel);
  }

  #setFailing(isFailing: boolean, error?: unknown): void {
    if (this.#isFailing === isFailing || this.#isDisposed) return;
    this.#isFailing = isFailing;
    this.options.onChange(error);
  }
}

interface Channel {
  readonly name: string;
  readonly slot: number;
  readonly listeners: Set<TopicListener>;
  /** The connection it is subscribed on. */
  place: Redis | "joining" | "lost";
  /** Settles when its first subscription does. */
  joined: Promise<void> | undefined;
}

function announce({ listeners }: Channel): void {
  for (const listener of listeners) listener.onRestored();
}

async function unsubscribe(node: Redis, name: string): Promise<void> {
  if (node.status !== "ready") return;
  try {
    await node.sunsubscribe(name);
  } catch {
    node.disconnect();
  }
}

/** A node may have to be found and connected to first; callers are to know in time all the same. */
async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("The Cluster does not answer.")), commandTimeoutMs);
  });
  try {
    await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
