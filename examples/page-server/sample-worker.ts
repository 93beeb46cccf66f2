import { setTimeout as delay } from "node:timers/promises";
import type { JobwireClient } from "@jobwire/client";
import { createWorker, type StageContext, type Worker } from "@jobwire/client/worker";

/** Does jobs of the pipeline `sample`: they take some seconds and do nothing. */
export function startSampleWorker(client: JobwireClient): Worker {
  const work = async ({ progress, signal }: StageContext) => {
    for (let percent = 0; percent <= 100; percent += 10) {
      progress(percent, `${percent} of 100`);
      await delay(150, undefined, { signal });
    }
  };
  return createWorker({
    client,
    pipelines: { sample: { open: () => ({ scaffold: work, code: work, deps: work, checks: work }) } },
  });
}
