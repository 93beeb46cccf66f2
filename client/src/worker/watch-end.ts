import type { JobwireTrpc } from "../create-client.js";
import { codeOf } from "./retry.js";

export interface EndWatch extends Disposable {
  /** Aborted when somebody else has ended the job; the reason says how. */
  readonly signal: AbortSignal;
}

/** Listens to a claimed job: whoever cancels or removes it stops the work at once. */
export function watchEnd(client: JobwireTrpc, jobId: string): EndWatch {
  const ended = new AbortController();
  const subscription = client.jobs.events.subscribe(
    { jobId, types: ["build.stage.started"] },
    {
      onData({ data }) {
        if (data.type === "build.stage.started" && data.outcome)
          ended.abort(new Error(`The job was ended from outside: ${data.message}`));
        else if (data.type === "stream.gap" && data.snapshot.outcome)
          ended.abort(new Error(`The job was ended from outside: ${data.snapshot.message}`));
      },
      // What else ends the stream the lease finds out.
      onError(error) {
        if (codeOf(error) === "NOT_FOUND") ended.abort(new Error("The job was removed."));
      },
    },
  );
  return { signal: ended.signal, [Symbol.dispose]: () => subscription.unsubscribe() };
}
