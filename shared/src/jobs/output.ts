import { z } from "zod";
import { lastEventIdSchema } from "../last-event-id.js";
import { timestampSchema } from "../timestamp.js";
import { defineTopic } from "../topic/define-topic.js";
import type { EventOf, StreamEventOf } from "../topic/inferred-types.js";
import type { UnknownEvent } from "../unknown-event.js";
import { jobKey } from "./job-event.js";
import { jobIdSchema } from "./job.js";
import { jobStatusSchema } from "./job-stage.js";

const outputFields = {
  stage: jobStatusSchema,
  /** Of the job: 1, and one more for each retry. */
  attempt: z.number().int().min(1),
  stream: z.enum(["stdout", "stderr"]),
  /** What was written, with its line ends; ANSI colours are kept. Lines longer than a piece go on in the next one. */
  text: z.string().max(262_144),
};

/** What a job's output says: pieces of text, in order, and that nothing follows. */
export const outputEvents = {
  "output.appended": z.object({
    ...outputFields,
    /** The line on which it begins, counted from 0, and how many characters of output came before it. */
    firstLine: z.number().int().min(0),
    firstCharacter: z.number().int().min(0),
  }),
  /** The job has ended. */
  "output.ended": z.object({}),
};

/** How long an output may say nothing, in milliseconds, until it is looked whether its job has ended. */
export const outputCheckMs = 60_000;

/** How much was written by now, whatever is still kept of it. */
export const outputStateSchema = z.object({
  lines: z.number().int(),
  characters: z.number().int(),
  ended: z.boolean(),
  /** When it is looked whether its job has ended without saying so here. */
  checkAt: timestampSchema,
});

/** What a job's commands write. It is a log of its own: it never pushes the job's events out of theirs. */
export const outputTopic = defineTopic("job-output", {
  key: jobKey,
  events: outputEvents,
  ends: ["output.ended"],
  state: outputStateSchema,
  apply: (state, event) => {
    const { lines, characters } = state ?? { lines: 0, characters: 0 };
    const { timestamp: checkAt } = event;
    if (event.type === "output.ended") return { lines, characters, ended: true, checkAt };
    const { text } = event;
    return {
      lines: lines + text.split("\n").length - 1,
      characters: characters + text.length,
      ended: false,
      checkAt: new Date(checkAt.getTime() + outputCheckMs),
    };
  },
});

/** One event of a job's output. */
export type OutputEvent = EventOf<typeof outputTopic>;
/** What `jobs.output` yields. A gap at the beginning says that the oldest output is no longer kept. */
export type OutputStreamEvent = StreamEventOf<typeof outputTopic>;
/** As `readJobEvent`, for a job's output. */
export const readOutputEvent: (value: unknown) => OutputStreamEvent | UnknownEvent = outputTopic.read;

/** What `jobs.output` takes. */
export const jobOutputInputSchema = z.strictObject({
  jobId: jobIdSchema,
  /** Only what was written in this stage. */
  stage: jobStatusSchema.optional(),
  lastEventId: lastEventIdSchema,
  replay: z.enum(["all", "none"]).optional(),
});

/** What `work.write` takes. */
export const writeOutputInputSchema = z.strictObject({
  jobId: jobIdSchema,
  /** In the order in which they were written. The body of a call, with all that JSON adds, has at most 1,048,576 bytes. */
  pieces: z.array(z.strictObject(outputFields)).min(1).max(500),
  workerId: z.string().min(1).max(128).optional(),
  /** For a caller that may try again: of the calls with one key within ten minutes only the first writes. */
  idempotencyKey: z.string().min(1).max(128).optional(),
});

export type WriteOutputInput = z.infer<typeof writeOutputInputSchema>;
/** What was written to one of the two streams in one stage. */
export type OutputPiece = WriteOutputInput["pieces"][number];
