import { isEncodableKey } from "../encodable.js";
import { defineTopic } from "../topic/define-topic.js";
import { applyToJob } from "./apply-to-job.js";
import { jobEvents, jobKey } from "./job-event.js";
import { isTerminalJobStatus } from "./job-status.js";
import { jobSchema } from "./job.js";

function encodableFields(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => isEncodableKey(name)));
}

/** A job's log, what it comes to, and where it ends: with the event that says the job's. */
export const jobTopic = defineTopic("job", {
  key: jobKey,
  events: jobEvents,
  ends: (event) => event.type === "build.stage.started" && isTerminalJobStatus(event.stage),
  // Without the fields that no answer could carry, however they came into the store.
  state: jobSchema.extend({ metadata: jobSchema.shape.metadata.transform(encodableFields) }),
  apply: applyToJob,
});
