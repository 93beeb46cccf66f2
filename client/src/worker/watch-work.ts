import type { JobwireTrpc } from "../create-client.js";
import type { WorkerLogger } from "./logger.js";
import { backoffMs } from "./retry.js";

export interface WorkWatchOptions {
  readonly client: JobwireTrpc;
  readonly pipeline: string;
  readonly logger: WorkerLogger;
  /** A job of the pipeline waits. */
  onWaiting(jobId: string): void;
  /** The stream begins, or begins again: jobs may wait of which it has said nothing. */
  onUnsure(): void;
}

/** Listens for waiting jobs until disposed, whatever ends the stream. */
export function watchWork({ client, pipeline, logger, onWaiting, onUnsure }: WorkWatchOptions): Disposable {
  let failures = 0;
  let isDisposed = false;
  let resubscribe: NodeJS.Timeout | undefined;
  let subscription = subscribe();

  function subscribe() {
    return client.work.watch.subscribe(
      { pipeline },
      {
        // After each reconnect too.
        onStarted() {
          failures = 0;
          onUnsure();
        },
        onData({ data }) {
          if (data.type === "work.waiting") onWaiting(data.jobId);
          else onUnsure();
        },
        onError: subscribeLater,
        onComplete: subscribeLater,
      },
    );
  }

  function subscribeLater(error?: unknown): void {
    if (isDisposed) return;
    logger.warn({ pipeline, err: error }, "no longer told what waits, subscribing again");
    resubscribe = setTimeout(() => {
      subscription = subscribe();
    }, backoffMs(failures++));
  }

  return {
    [Symbol.dispose]() {
      isDisposed = true;
      clearTimeout(resubscribe);
      subscription.unsubscribe();
    },
  };
}
