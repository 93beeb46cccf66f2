export interface Progress {
  readonly percent: number;
  readonly message?: string;
}

export interface ProgressReporter {
  report(progress: Progress): void;
  /** Resolves once the newest progress was sent. */
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
  let newest: Progress | undefined;
  let sending: Promise<void> | undefined;
  let lastSentAtMs = -Infinity;
  let endRest = () => {};
  let flushes = 0;
  let closed = false;

  async function sendAll(): Promise<void> {
    while (newest !== undefined) {
      await rest();
      const progress = newest;
      newest = undefined;
      await send(progress).catch(onError);
      lastSentAtMs = performance.now();
    }
    sending = undefined;
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
    await sending;
    flushes -= 1;
  }

  return {
    report(progress) {
      if (closed) return;
      newest = progress;
      sending ??= sendAll();
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
