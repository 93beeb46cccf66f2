import type { JobStreamEvent } from "./jobs/job-event.js";
import type { SessionStreamEvent } from "./sessions/session.js";
import type { SpoolStreamEvent } from "./spools/spool.js";
import { jobStreamEventSchema, sessionStreamEventSchema, spoolStreamEventSchema } from "./stream-event.js";
import { eventReader, type UnknownEvent } from "./unknown-event.js";

/**
 * Reads one event of a job's stream from outside (a parsed `data:` of plain SSE, a line of NDJSON, a webhook body).
 * A type this version does not know becomes `unknown`, so that a switch over `type` stays exhaustive and a newer
 * server breaks nothing.
 * @throws ZodError when the value is no event at all or a known one with a wrong field.
 */
export const readJobEvent: (value: unknown) => JobStreamEvent | UnknownEvent =
  eventReader(jobStreamEventSchema);

/** As `readJobEvent`, for the spool board. */
export const readSpoolEvent: (value: unknown) => SpoolStreamEvent | UnknownEvent =
  eventReader(spoolStreamEventSchema);

/** As `readJobEvent`, for sessions. */
export const readSessionEvent: (value: unknown) => SessionStreamEvent | UnknownEvent =
  eventReader(sessionStreamEventSchema);
