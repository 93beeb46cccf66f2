export interface Progress {
  readonly percent: number;
  readonly message?: string;
}

export interface ProgressReporter {
  report(progress: Progress): void;
  /** Resolves once the newest progress, or one that was reported since, was sent. */
  flush(): Promise<void>;
  /** Flushes and ignores what is reported afterwards. */
  close(): Promise<void>;
}

export interface ProgressReporterOptions {
  readonly send: (progress: Progress) => Promise<void>;
  /** Progress that cannot be sent is dropped: it must not fail the work it is about. */
  onError(error: unknown): void;
}

/** Sends one progress at a time and the newest only, so that a chatty stage floods neither server nor log. */
export function createProgressReporter({ send, onError }: ProgressReporterOptions): ProgressReporter {
  /** What is still to be taken into a send. */
  let newest: Progress | undefined;
  let lastSend = Promise.resolve();
  let lastSentAtMs = -Infinity;
  let endRest = () => {};
  let flushes = 0;
  let closed = false;

  async function sendNewest(): Promise<void> {
    await rest();
    const progress = newest;
    newest = undefined;
    if (progress) await send(progress).catch(onError);
    lastSentAtMs = performance.now();
  }

  async function rest(): Promise<void> {
    const restMs = lastSentAtMs + minIntervalMs - performance.now();
    if (flushes > 0 || restMs <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, restMs);
      endRest = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function flush(): Promise<void> {
    flushes += 1;
    endRest();
    await lastSend;
    flushes -= 1;
  }

  return {
    report(progress) {
      if (closed) return;
      if (newest === undefined) lastSend = lastSend.then(sendNewest);
      newest = progress;
    },
    flush,
    async close() {
      closed = true;
      await flush();
    },
  };
}

/** At most ten progress events a second and job: more than people can follow, and little of what a log retains. */
const minIntervalMs = 100;
