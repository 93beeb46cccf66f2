import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../fault.js";

/** Everything of an owner is in one slot: every topic that is watched goes along. */
export const clusterMove: Fault = {
  name: "cluster-move",
  title: "the slot of all topics moves between the masters of a Cluster, key by key",
  topology: "cluster",
  async strike({ stage: { cluster }, load, random, isShort }) {
    if (!cluster) throw new Error("This fault needs a Cluster.");
    const { slot } = load;
    for (let round = isShort ? 4 : 12; round > 0; round--) {
      const from = await cluster.ownerOf(slot);
      const to = random.pick(cluster.nodes.filter((node) => node !== from));
      await cluster.beginMove(slot, from, to);
      await delay(random.integer(0, 300));
      await cluster.moveKeys(slot, from, to);
      await delay(random.integer(0, 300));
      await cluster.endMove(slot, from, to);
      if (round > 1) await load.untilCommits(random.integer(1, 10));
    }
  },
};
