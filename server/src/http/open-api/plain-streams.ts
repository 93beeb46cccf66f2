import {
  jobFeedEventSchema,
  jobStreamEventSchema,
  outputStreamEventSchema,
  sessionStreamEventSchema,
  spoolStreamEventSchema,
  workStreamEventSchema,
} from "@jobwire/shared";
import type { z } from "zod";

/** A subscription that is served as plain SSE too. */
export interface PlainStreamDescription {
  readonly path: string;
  readonly procedure: string;
  readonly summary: string;
  /** What the union of its events is called, and the union. */
  readonly event: readonly [name: string, schema: z.ZodType];
  readonly role: "user" | "service";
}

export const plainStreams: readonly PlainStreamDescription[] = [
  {
    path: "/api/jobs/{jobId}/events/stream",
    procedure: "jobs.events",
    summary: "Follows a job to its end.",
    event: ["JobStreamEvent", jobStreamEventSchema],
    role: "user",
  },
  {
    path: "/api/jobs/stream",
    procedure: "jobs.feed",
    summary: "Follows all jobs of the caller.",
    event: ["JobFeedEvent", jobFeedEventSchema],
    role: "user",
  },
  {
    path: "/api/jobs/{jobId}/output/stream",
    procedure: "jobs.output",
    summary: "Follows what a job's commands write.",
    event: ["OutputStreamEvent", outputStreamEventSchema],
    role: "user",
  },
  {
    path: "/api/work/stream",
    procedure: "work.watch",
    summary: "Says when a job of a pipeline waits for a worker.",
    event: ["WorkStreamEvent", workStreamEventSchema],
    role: "service",
  },
  {
    path: "/api/spools/stream",
    procedure: "spools.updates",
    summary: "Follows the spool board.",
    event: ["SpoolStreamEvent", spoolStreamEventSchema],
    role: "user",
  },
  {
    path: "/api/sse/stream",
    procedure: "sessions.events",
    summary: "Everything meant for one browser session.",
    event: ["SessionStreamEvent", sessionStreamEventSchema],
    role: "user",
  },
];
