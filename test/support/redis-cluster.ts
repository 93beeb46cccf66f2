import { Cluster } from "ioredis";
import { RedisProcess } from "../faults/support/redis-process.js";
import { until } from "../faults/support/until.js";
import { freePort } from "./redis-server.js";

const host = "127.0.0.1";
const masterCount = 3;
const slotCount = 16_384;
const startTimeoutMs = 60_000;

/** Three masters, each with a third of the slots. */
export class RedisCluster implements AsyncDisposable {
  readonly nodes: RedisProcess[] = [];
  #url = "";

  /** @param tlsOptions present: the nodes are reached with TLS, and reach each other so. */
  static async start(tlsOptions?: readonly string[]): Promise<RedisCluster> {
    const cluster = new RedisCluster();
    try {
      await cluster.#startNodes(tlsOptions);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  get url(): string {
    return this.#url;
  }

  /** The node that owns a slot, as it says itself. */
  async ownerOf(slot: number): Promise<RedisProcess> {
    for (const node of this.nodes) {
      const slots = await node.ask((redis) => redis.cluster("SLOTS"));
      const owned = slots.find(([first, last]) => first <= slot && slot <= last);
      if (Number(owned?.[2]?.[1]) === node.port) return node;
    }
    throw new Error(`Nobody owns slot ${slot}.`);
  }

  /** Begins to move a slot: from here on its keys may be at either node. */
  async beginMove(slot: number, from: RedisProcess, to: RedisProcess): Promise<void> {
    const [source, target] = [await idOf(from), await idOf(to)];
    await to.ask((redis) => redis.cluster("SETSLOT", slot, "IMPORTING", source));
    await from.ask((redis) => redis.cluster("SETSLOT", slot, "MIGRATING", target));
  }

  /** Moves the keys, some at a time, while others read and write them; or these alone. */
  async moveKeys(
    slot: number,
    from: RedisProcess,
    to: RedisProcess,
    these?: readonly string[],
  ): Promise<void> {
    await from.ask(async (redis) => {
      const move = (keys: readonly string[]) =>
        redis.call("MIGRATE", host, to.port, "", 0, 5000, "KEYS", ...keys);
      if (these) await move(these);
      else
        for (;;) {
          const keys = await redis.cluster("GETKEYSINSLOT", slot, 10);
          if (keys.length === 0) return;
          await move(keys);
        }
    });
  }

  /** Gives the slot to its new owner, who is told first: nobody must think that it is nobody's. */
  async endMove(slot: number, from: RedisProcess, to: RedisProcess): Promise<void> {
    const target = await idOf(to);
    for (const node of [to, from, ...this.nodes.filter((other) => other !== to && other !== from)])
      await node.ask((redis) => redis.cluster("SETSLOT", slot, "NODE", target));
  }

  async moveSlot(slot: number, to: RedisProcess): Promise<void> {
    const from = await this.ownerOf(slot);
    if (from === to) return;
    await this.beginMove(slot, from, to);
    await this.moveKeys(slot, from, to);
    await this.endMove(slot, from, to);
  }

  /** On a connection of its own. */
  async ask<Answer>(question: (cluster: Cluster) => Promise<Answer>): Promise<Answer> {
    const cluster = new Cluster(this.nodes.map(({ port }) => ({ host, port })));
    cluster.on("error", () => {});
    try {
      return await question(cluster);
    } finally {
      cluster.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) await node[Symbol.asyncDispose]();
  }

  async #startNodes(tlsOptions: readonly string[] | undefined): Promise<void> {
    const share = Math.ceil(slotCount / masterCount);
    const addresses: { readonly port: number; readonly bus: number }[] = [];
    while (this.nodes.length < masterCount) {
      const index = this.nodes.length;
      const bus = await freePort();
      const tlsPort = tlsOptions ? await freePort() : undefined;
      const clustered = [
        "--cluster-enabled",
        "yes",
        "--cluster-node-timeout",
        "2000",
        "--cluster-port",
        `${bus}`,
      ];
      const secured = tlsOptions ? ["--tls-cluster", "yes", "--tls-port", `${tlsPort}`, ...tlsOptions] : [];
      const node = await RedisProcess.start([...clustered, ...secured]);
      await node.ask(async (redis) => {
        await redis.cluster("ADDSLOTSRANGE", index * share, Math.min(slotCount, (index + 1) * share) - 1);
        await redis.cluster("SET-CONFIG-EPOCH", index + 1);
        for (const other of addresses) await redis.cluster("MEET", host, other.port, other.bus);
      });
      this.nodes.push(node);
      addresses.push({ port: tlsPort ?? node.port, bus });
    }
    const hosts = addresses.map(({ port }) => `${host}:${port}`).join(",");
    this.#url = `${tlsOptions ? "rediss" : "redis"}+cluster://${hosts}`;
    await until(
      async () => (await Promise.all(this.nodes.map(isComplete))).every(Boolean),
      () => "every node of the Cluster knows all slots",
      startTimeoutMs,
    );
  }
}

function idOf(node: RedisProcess): Promise<string> {
  return node.ask((redis) => redis.cluster("MYID"));
}

async function isComplete(node: RedisProcess): Promise<boolean> {
  return node.ask(async (redis) => {
    const info = await redis.cluster("INFO");
    return info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${masterCount}`);
  });
}
