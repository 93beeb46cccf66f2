import type { JobwireTrpc } from "../create-client.js";
import { codeOf } from "./retry.js";

export interface EndWatch extends Disposable {
  /** Aborted when somebody has cancelled or removed the job; the reason says who and why. */
  readonly signal: AbortSignal;
}

/**
 * Listens to a claimed job: whoever cancels or removes it stops the work at once. Other ends are the worker's own, which may hear
 * of them here before it has the answer to its call; whatever else ends the job, the lease finds out.
 */
export function watchEnd(client: JobwireTrpc, jobId: string): EndWatch {
  const ended = new AbortController();
  const subscription = client.jobs.events.subscribe(
    { jobId, types: ["build.stage.started"] },
    {
      onData({ data }) {
        const end = data.type === "stream.gap" ? data.snapshot : data;
        if ("outcome" in end && end.outcome === "cancelled") ended.abort(new Error(end.message));
      },
      // What else ends the stream the lease finds out.
      onError(error) {
        if (codeOf(error) === "NOT_FOUND") ended.abort(new Error("The job was removed."));
      },
    },
  );
  return { signal: ended.signal, [Symbol.dispose]: () => subscription.unsubscribe() };
}
