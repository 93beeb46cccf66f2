import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../fault.js";

/** The slots of a dead master are nobody's: the Cluster waits for it. */
export const clusterKill: Fault = {
  name: "cluster-kill",
  title: "SIGKILL of the master of all topics in a Cluster, and a restart from its append-only file",
  topology: "cluster",
  async strike({ stage: { cluster }, load, random, isShort }) {
    if (!cluster) throw new Error("This fault needs a Cluster.");
    const master = await cluster.ownerOf(load.slot);
    await master.kill();
    await delay(random.integer(50, isShort ? 1000 : 4000));
    await master.start();
    return { answeringSince: performance.now() };
  },
};
