import { randomUUID } from "node:crypto";
import type { Job, JobStatus, PublishableJobEvent } from "@jobwire/shared";
import type { JobwireTrpc } from "../create-client.js";
import { retryChange, retryTransient, type RetryOptions } from "./retry.js";

/** The calls of one claimed job. All are tried again while the server is away and the claim holds. */
export interface JobCalls {
  /** @param attempt the attempt the job is in once the transition is made. */
  transition(to: JobStatus, attempt: number, message?: string): Promise<void>;
  /** Once: the server knows an event again whose acknowledgement was lost. */
  publish(event: PublishableJobEvent): Promise<void>;
}

export function createJobCalls(client: JobwireTrpc, job: Job, retry: RetryOptions): JobCalls {
  const jobId = job.id;
  return {
    async transition(to, attempt, message) {
      const input = { jobId, to, ...(message !== undefined && { message }) };
      await retryChange(
        (signal) => client.jobs.transition.mutate(input, { signal }),
        async (signal) => {
          const current = await client.jobs.get.query({ jobId }, { signal });
          return current.status === to && current.attempt === attempt ? current : null;
        },
        retry,
      );
    },
    async publish(event) {
      const input = { jobId, event, idempotencyKey: randomUUID() };
      await retryTransient((signal) => client.jobs.publish.mutate(input, { signal }), retry);
    },
  };
}
