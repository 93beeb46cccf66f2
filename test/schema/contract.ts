import {
  announceVersionInputSchema,
  cancelJobInputSchema,
  changeSpoolStateInputSchema,
  claimInputSchema,
  countJobsInputSchema,
  createJobInputSchema,
  jobEventsInputSchema,
  jobFeedEventSchema,
  jobFeedInputSchema,
  jobIdSchema,
  jobOutputInputSchema,
  jobSchema,
  jobStreamEventSchema,
  listJobsInputSchema,
  listSpoolsInputSchema,
  listTasksInputSchema,
  outputStreamEventSchema,
  publishJobEventInputSchema,
  publishSpoolEventInputSchema,
  registerSpoolInputSchema,
  sendToSessionInputSchema,
  sessionEventsInputSchema,
  sessionStreamEventSchema,
  spoolActionInputSchema,
  spoolSchema,
  spoolStreamEventSchema,
  spoolUpdatesInputSchema,
  startTaskInputSchema,
  taskIdSchema,
  taskSchema,
  transitionJobInputSchema,
  workLeaveInputSchema,
  workOfferInputSchema,
  workStreamEventSchema,
  workWaitingInputSchema,
  workWatchInputSchema,
  writeOutputInputSchema,
} from "@jobwire/shared";
import { z } from "zod";

type EventUnion = z.ZodDiscriminatedUnion<readonly EventOption[], "type">;

/** One type of event; one that comes in kinds is a union itself. */
export type EventOption = z.ZodObject | z.ZodDiscriminatedUnion<readonly z.ZodObject[], "kind">;

/** One subscription and what it yields. */
export interface StreamContract {
  /** Its name in the API. */
  readonly procedure: string;
  readonly description: string;
  /** The definition that holds the union of its events. */
  readonly definition: string;
  readonly event: EventUnion;
  /** What its `stream.gap` is called among the definitions: each stream has its own snapshot. */
  readonly gap: string;
  /** Where plain SSE has the same events, if it does, and what its query takes. */
  readonly plain?: { readonly path: string; readonly query: readonly string[] };
}

export const streams: readonly StreamContract[] = [
  {
    procedure: "jobs.events",
    description: "Everything a job says about itself. Returns right after the event that ends the job.",
    definition: "JobStreamEvent",
    event: jobStreamEventSchema,
    gap: "JobGap",
    plain: { path: "/api/jobs/{jobId}/events/stream", query: ["lastEventId", "replay", "types"] },
  },
  {
    procedure: "jobs.feed",
    description: "The events of all jobs of the caller.",
    definition: "JobFeedEvent",
    event: jobFeedEventSchema,
    gap: "JobFeedGap",
    plain: { path: "/api/jobs/stream", query: ["all", "lastEventId", "ownerId", "replay", "types"] },
  },
  {
    procedure: "spools.updates",
    description: "Every change of the spool board.",
    definition: "SpoolStreamEvent",
    event: spoolStreamEventSchema,
    gap: "SpoolGap",
    plain: { path: "/api/spools/stream", query: ["lastEventId"] },
  },
  {
    procedure: "sessions.events",
    description: "Everything meant for one browser session.",
    definition: "SessionStreamEvent",
    event: sessionStreamEventSchema,
    gap: "SessionGap",
    plain: { path: "/api/sse/stream", query: ["request_id", "lastEventId"] },
  },
  {
    procedure: "work.watch",
    description: "Nudges for workers: a job of their pipeline waits.",
    definition: "WorkStreamEvent",
    event: workStreamEventSchema,
    gap: "WorkGap",
    plain: { path: "/api/work/stream", query: ["pipeline", "lastEventId"] },
  },
  {
    procedure: "jobs.output",
    description: "What a job's commands write. Returns when the job has ended.",
    definition: "OutputStreamEvent",
    event: outputStreamEventSchema,
    gap: "OutputGap",
    plain: { path: "/api/jobs/{jobId}/output/stream", query: ["lastEventId", "replay", "stage"] },
  },
];

/** The states that calls answer with and that gaps carry. */
export const states = { Job: jobSchema, Spool: spoolSchema, Task: taskSchema } as const;

const jobInputSchema = z.strictObject({ jobId: jobIdSchema });
const taskInputSchema = z.strictObject({ taskId: taskIdSchema });

/** What each procedure takes. test/types/schema.test-d.ts holds it against the router. */
export const inputs = {
  jobs: {
    create: createJobInputSchema.prefault({}),
    get: jobInputSchema,
    list: listJobsInputSchema,
    counts: countJobsInputSchema,
    cancel: cancelJobInputSchema,
    rerun: jobInputSchema,
    remove: jobInputSchema,
    output: jobOutputInputSchema,
    transition: transitionJobInputSchema,
    publish: publishJobEventInputSchema,
    events: jobEventsInputSchema,
    feed: jobFeedInputSchema,
  },
  work: {
    waiting: workWaitingInputSchema,
    watch: workWatchInputSchema,
    claim: claimInputSchema,
    renew: claimInputSchema,
    write: writeOutputInputSchema,
    offer: workOfferInputSchema,
    leave: workLeaveInputSchema,
  },
  workers: {},
  pipelines: {},
  spools: {
    register: registerSpoolInputSchema,
    tomar: spoolActionInputSchema,
    pausar: spoolActionInputSchema,
    completar: spoolActionInputSchema,
    changeState: changeSpoolStateInputSchema,
    list: listSpoolsInputSchema,
    publish: publishSpoolEventInputSchema,
    updates: spoolUpdatesInputSchema,
  },
  sessions: {
    events: sessionEventsInputSchema,
    send: sendToSessionInputSchema,
  },
  versions: {
    announce: announceVersionInputSchema,
  },
  tasks: {
    start: startTaskInputSchema,
    get: taskInputSchema,
    cancel: taskInputSchema,
    list: listTasksInputSchema,
  },
} as const;
