import type { Fault } from "../fault.js";
import { loseEverything } from "./flush-all.js";

/** The connections stand and the other masters know nothing of it. */
export const clusterFlush: Fault = {
  name: "cluster-flush",
  title: "FLUSHALL of the master of all topics in a Cluster; new jobs follow",
  topology: "cluster",
  gapsOf: ({ kind }) => [kind === "feed" ? 1 : 0],
  async strike({ stage: { cluster }, load }) {
    if (!cluster) throw new Error("This fault needs a Cluster.");
    return loseEverything(load, await cluster.ownerOf(load.slot));
  },
};
