import { defineTopic } from "../topic/define-topic.js";
import { applySpoolEvent } from "./apply-spool-event.js";
import { spoolEvents, spoolKey, spoolSchema } from "./spool.js";

/** A spool's log, and how the board shows what it comes to. It has no end. */
export const spoolTopic = defineTopic("spool", {
  key: spoolKey,
  events: spoolEvents,
  state: spoolSchema,
  apply: applySpoolEvent,
});
