import { workTopic, type Job, type StreamInputOf } from "@jobwire/shared";
import type { Jobwire } from "../topics/index.js";

/** Nudges for workers. Those that miss one find the job by asking what waits. */
export class WaitingWork {
  readonly #topic;

  constructor(jobwire: Jobwire, retainMs: number) {
    this.#topic = jobwire.topic(workTopic, { retainMs });
  }

  async announce({ id: jobId, pipeline }: Job): Promise<void> {
    if (pipeline !== null) await this.#topic.publish({ pipeline }, { type: "work.waiting", jobId });
  }

  /** What waited before is asked for; after a gap it should be asked for again. */
  stream(input: StreamInputOf<typeof workTopic>, signal: AbortSignal | undefined) {
    return this.#topic.stream({ ...input, replay: "none" }, { signal });
  }
}
