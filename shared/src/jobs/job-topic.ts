import { defineTopic } from "../topic/define-topic.js";
import { applyToJob } from "./apply-to-job.js";
import { jobEvents, jobKey } from "./job-event.js";
import { isTerminalJobStatus } from "./job-status.js";
import { jobSchema } from "./job.js";

/** A job's log, what it comes to, and where it ends: with the event that says the job's. */
export const jobTopic = defineTopic("job", {
  key: jobKey,
  events: jobEvents,
  ends: (event) => event.type === "build.stage.started" && isTerminalJobStatus(event.stage),
  state: jobSchema,
  apply: applyToJob,
});
