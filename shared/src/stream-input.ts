import { z } from "zod";
import { jobIdSchema, jobOwnerFields, namesOneOwner, ownerProblem } from "./jobs/job.js";
import { jobEventTypes } from "./jobs/job-event.js";
import { lastEventIdSchema } from "./last-event-id.js";

const jobEventTypesSchema = z.array(z.enum(jobEventTypes)).min(1).optional();

/** What `jobs.events` takes. */
export const jobEventsInputSchema = z.strictObject({
  jobId: jobIdSchema,
  lastEventId: lastEventIdSchema,
  /** Where a stream without `lastEventId` starts: at the oldest retained event, or after the newest. */
  replay: z.enum(["all", "none"]).default("all"),
  /** Only these types; control events (`stream.*`) are always delivered. */
  types: jobEventTypesSchema,
});

/** What `jobs.feed` takes; default: all events of the caller's jobs that are retained, then live ones. */
export const jobFeedInputSchema = z
  .strictObject({
    lastEventId: lastEventIdSchema,
    replay: z.enum(["all", "none"]).default("all"),
    types: jobEventTypesSchema,
    ...jobOwnerFields,
  })
  .refine(namesOneOwner, ownerProblem)
  .prefault({});
