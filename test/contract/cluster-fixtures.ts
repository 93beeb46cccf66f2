import { slotOf } from "../../server/src/store/cluster-slots.js";
import { redisKeys } from "../support/redis-keys.js";
import type { TopicKey } from "../../server/src/store/store.js";
import type { RedisProcess } from "../faults/support/redis-process.js";
import { createMinimalUser } from "../support/minimal-user.js";
import type { RedisCluster } from "../support/redis-cluster.js";

/** A node that starts again has forgotten its users. */
export async function createUsers(cluster: RedisCluster): Promise<void> {
  for (const node of cluster.nodes) await node.ask((redis) => createMinimalUser(redis, "cluster"));
}

export function slotOfTopic(topic: TopicKey): number {
  return slotOf(redisKeys.channel(topic));
}

/** The master of a topic and another one. */
export async function mastersOf(
  cluster: RedisCluster,
  topic: TopicKey,
): Promise<[owner: RedisProcess, other: RedisProcess]> {
  const owner = await cluster.ownerOf(slotOfTopic(topic));
  const other = cluster.nodes.find((node) => node !== owner);
  if (!other) throw new Error("There is one node only.");
  return [owner, other];
}
