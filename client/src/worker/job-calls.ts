import { randomUUID } from "node:crypto";
import type { Job, JobStatus, OutputPiece, PublishableJobEvent } from "@jobwire/shared";
import type { JobwireTrpc } from "../create-client.js";
import { retryChange, retryTransient, type RetryOptions } from "./retry.js";

/** The calls of one claimed job. All are tried again while the server is away and the claim holds. */
export interface JobCalls {
  /** @param attempt the attempt the job is in once the transition is made. */
  transition(to: JobStatus, attempt: number, message?: string): Promise<void>;
  /** Once: the server knows an event again whose acknowledgement was lost. */
  publish(event: PublishableJobEvent): Promise<void>;
  /** Appends to the job's output; once, likewise. */
  write(pieces: readonly OutputPiece[]): Promise<void>;
}

/** @param workerId Who says all this: the server refuses it when the job is no longer this worker's. */
export function createJobCalls(
  client: JobwireTrpc,
  { id: jobId }: Job,
  workerId: string,
  retry: RetryOptions,
): JobCalls {
  return {
    async transition(to, attempt, message) {
      const input = { jobId, to, workerId, ...(message !== undefined && { message }) };
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
      const input = { jobId, event, workerId, idempotencyKey: randomUUID() };
      await retryTransient((signal) => client.jobs.publish.mutate(input, { signal }), retry);
    },
    async write(pieces) {
      const input = { jobId, pieces: [...pieces], workerId, idempotencyKey: randomUUID() };
      await retryTransient((signal) => client.work.write.mutate(input, { signal }), retry);
    },
  };
}
