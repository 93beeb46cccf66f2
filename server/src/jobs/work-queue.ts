import type { WorkWaiting } from "@jobwire/shared";
import type { Store } from "../store/store.js";
import { encodeEvent } from "../streams/event-codec.js";
import { jobKey, openWork, waitingTopic } from "./job-keys.js";
import type { JobRecord } from "./job-record.js";

export interface OpenWork {
  readonly jobId: string;
  readonly pipeline: string;
  readonly openedAt: Date;
}

/**
 * The unfinished jobs that workers drive, over all owners. It lives in a scope of its own, so it is written before
 * and after the job's commit, never with it: it may name a job that is gone or taken, but never misses one.
 */
export class WorkQueue {
  constructor(
    private readonly store: Store,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** To be called before the job is created. */
  async open({ id, pipeline, createdAt }: JobRecord): Promise<void> {
    if (pipeline === null) return;
    const set = { jobId: id, pipeline, openedAt: String(createdAt.getTime()) };
    await this.store.commit({
      scope: openWork.scope,
      state: { key: jobKey(id), set, index: openWork.index },
      events: [],
    });
  }

  /** Nudges the workers that listen. Those that miss it find the job by asking what waits. */
  async announce({ id, pipeline }: JobRecord): Promise<void> {
    if (pipeline === null) return;
    const { scope, topic } = waitingTopic(pipeline);
    const event: WorkWaiting = { type: "work.waiting", timestamp: new Date(), jobId: id, pipeline };
    const commit = { scope, events: [{ topic, type: event.type, body: encodeEvent(event) }] };
    await this.store.commit(commit).catch(this.onError);
  }

  /** To be called after the job's end. What fails here is mended by the next sweep. */
  async close({ id, pipeline }: Pick<JobRecord, "id" | "pipeline">): Promise<void> {
    if (pipeline === null) return;
    const state = { key: jobKey(id), set: {}, index: openWork.index };
    await this.store.commit({ scope: openWork.scope, state, events: [], retainMs: 0 }).catch(this.onError);
  }

  /** Oldest first. */
  async *all(): AsyncGenerator<OpenWork, void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.store.listStates({
        ...openWork,
        order: "ascending",
        limit: 100,
        ...(after !== undefined && { after }),
      });
      for (const { state } of page.items) {
        const { jobId = "", pipeline = "", openedAt } = state;
        yield { jobId, pipeline, openedAt: new Date(Number(openedAt)) };
      }
      if (page.next === null) return;
      after = page.next;
    }
  }
}
