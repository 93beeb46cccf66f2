import { spoolTopic } from "@jobwire/shared";
import type { Jobwire } from "../topics/index.js";

/** The feed with every change of every spool: `spools:updates`. */
export const updatesFeed = "updates";

export function openSpoolTopic(jobwire: Jobwire) {
  return jobwire.topic(spoolTopic, { feeds: () => [updatesFeed] });
}

/** The handle of the spools' topic. */
export type SpoolTopic = ReturnType<typeof openSpoolTopic>;
