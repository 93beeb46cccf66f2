import { SpoolService } from "../../server/src/spools/spool-service.js";
import { openSpoolTopic } from "../../server/src/spools/spool-topic.js";
import type { Store } from "../../server/src/store/store.js";
import { Jobwire } from "../../server/src/topics/index.js";

/** Where the feed of the board is in the store. */
export const updatesTopic = { scope: "topic:spool", topic: "feed/updates" };

/** The board of a store, as one server process has it. The store is closed by whoever opened it. */
export function spoolsOn(store: Store): SpoolService {
  return new SpoolService(openSpoolTopic(new Jobwire(store, {})), (error) => {
    throw error;
  });
}
