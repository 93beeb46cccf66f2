import { defineTopic, idempotencyKeySchema, jobIdSchema } from "@jobwire/shared";
import { z } from "zod";
import type { Jobwire } from "../topics/index.js";

const requestTopic = defineTopic("job-request", {
  key: z.object({ ownerId: z.string(), idempotencyKey: idempotencyKeySchema }),
  events: { "job.requested": z.object({ jobId: jobIdSchema }) },
  ends: ["job.requested"],
  state: z.object({ jobId: jobIdSchema }),
  apply: (_state, { jobId }) => ({ jobId }),
});

/** As long as any idempotency key. */
const rememberedMs = 600_000;

/** Which job an owner's idempotency key has asked for. */
export interface JobRequests {
  /** The id to create the job with: the one of the first request with this key, or this one. */
  idFor(ownerId: string, idempotencyKey: string, jobId: string): Promise<string>;
}

export function openJobRequests(jobwire: Jobwire): JobRequests {
  const topic = jobwire.topic(requestTopic, { retainMs: rememberedMs });
  return {
    async idFor(ownerId, idempotencyKey, jobId) {
      const { state } = await topic.change({ ownerId, idempotencyKey }, (known) =>
        known ? [] : { type: "job.requested", jobId },
      );
      return state?.jobId ?? jobId;
    },
  };
}
