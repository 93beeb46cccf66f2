import { Redis } from "ioredis";
import { askAlive } from "./ask-alive.js";
import { addressOf, isReplica, readMigratingSlots } from "./cluster-slots.js";
import type { ConnectionOptions } from "./redis-options.js";
import { baseOptions } from "./redis-topology.js";

export interface ShardEvents {
  onMessage(node: Redis, channel: string, text: string): void;
  /** Subscriptions of this node have ended without being asked to: slots went to other nodes. */
  onSlotsLeft(node: Redis): void;
  onClosed(node: Redis, error: unknown): void;
}

interface Survey {
  readonly migrating: ReadonlySet<number>;
  readonly replicas: ReadonlySet<Redis>;
}

/** Subscriber connections to nodes of a Cluster: one for each node that is needed, made when it is. */
export class ShardConnections implements Disposable {
  readonly #connections = new Map<string, { readonly node: Redis; readonly connected: Promise<void> }>();

  constructor(
    private readonly options: ConnectionOptions,
    private readonly events: ShardEvents,
  ) {}

  /** The connection to the node at this address. Rejects when there is none to be had. */
  async to(address: string): Promise<Redis> {
    let connection = this.#connections.get(address);
    if (!connection) {
      const node = this.#create(address);
      connection = { node, connected: node.connect() };
      this.#connections.set(address, connection);
    }
    await connection.connected;
    return connection.node;
  }

  /**
   * The slots that are on their way from one of these nodes to another, and nodes that are masters no more. Gives up
   * connections whose peer has vanished without a word.
   */
  async survey(): Promise<Survey> {
    const [migrating, replicas] = [new Set<number>(), new Set<Redis>()];
    const ready = [...this.#connections.values()].filter(({ node }) => node.status === "ready");
    await Promise.all(
      ready.map(async ({ node }) => {
        // One that has vanished is told of by its connection, which is given up.
        const nodes = await askAlive(node, () => node.cluster("NODES")).catch(() => null);
        if (nodes === null) return;
        for (const slot of readMigratingSlots(nodes)) migrating.add(slot);
        if (isReplica(nodes)) replicas.add(node);
      }),
    );
    return { migrating, replicas };
  }

  [Symbol.dispose](): void {
    for (const { node } of this.#connections.values()) node.disconnect();
  }

  #create(address: string): Redis {
    const node = new Redis({
      ...baseOptions,
      ...this.options,
      ...addressOf(address),
      // Whoever needs it then asks again, perhaps for another node.
      retryStrategy: () => null,
    });
    let lastError: unknown;
    let isLooking = false;
    node.on("error", (error) => {
      lastError = error;
    });
    node.on("smessage", (channel: string, text: string) => this.events.onMessage(node, channel, text));
    node.on("moved", () => {
      // One slot may take many channels along, each with an event of its own.
      if (isLooking) return;
      isLooking = true;
      queueMicrotask(() => {
        isLooking = false;
        this.events.onSlotsLeft(node);
      });
    });
    node.on("end", () => {
      this.#connections.delete(address);
      this.events.onClosed(node, lastError);
    });
    return node;
  }
}

/** The shard channels that this connection is subscribed to, as its server has said. */
export function shardChannelsOf({ status, condition }: Redis): ReadonlySet<string> {
  return new Set(
    status === "ready" && condition?.subscriber ? condition.subscriber.channels("ssubscribe") : [],
  );
}
