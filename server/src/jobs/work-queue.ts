import type { WorkWaiting } from "@jobwire/shared";
import type { StateRecord, Store } from "../store/store.js";
import { encodeEvent } from "../streams/event-codec.js";
import { jobIdOf, jobKey, openWork, waitingTopic } from "./job-keys.js";
import type { JobRecord } from "./job-record.js";

export interface OpenWork {
  readonly jobId: string;
  readonly pipeline: string;
  readonly openedAt: Date;
}

/** How long an entry may wait for its job to be created before it counts as left over by a crash. */
export const orphanAfterMs = 60_000;

const pageSize = 100;

/** Stands before all others for as long as the list is there: a list of which nothing is left is none. */
const mark = "!complete";

/**
 * The unfinished jobs that workers drive, over all owners. It lives in a scope of its own, so it is written before
 * and after the job's commit, never with it: it may name a job that is gone or taken, but never misses one.
 */
export class WorkQueue {
  /** Jobs that were listed although their entries were gone. */
  readonly #gone = new Set<string>();

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
      state: {
        key: jobKey(id),
        set,
        index: openWork.index,
        due: createdAt.getTime() + orphanAfterMs,
      },
      events: [],
    });
  }

  /** When the job is to be looked at; `null`: when something happens with it. Nothing happens when it is not listed. */
  async watch(jobId: string, dueMs: number | null): Promise<void> {
    const state = { key: jobKey(jobId), expect: { jobId: [jobId] }, set: {}, due: dueMs };
    await this.store.commit({ scope: openWork.scope, state, events: [] });
  }

  /** Jobs that are to be looked at now; `null` in place of an entry that is gone. */
  async due(): Promise<readonly { readonly jobId: string; readonly entry: OpenWork | null }[]> {
    const due = await this.store.listDue({ scope: openWork.scope, limit: pageSize });
    return due.map(({ key, state }) => ({ jobId: jobIdOf(key), entry: state && entryOf(state) }));
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
    const state = { key: jobKey(id), set: {}, unlist: [openWork.index], due: null, remove: true };
    await this.store.commit({ scope: openWork.scope, state, events: [] }).catch(this.onError);
  }

  /** Whether the list is the one that was marked, and not what was written after that was lost. */
  async isComplete(): Promise<boolean> {
    const { items } = await this.store.listStates({ ...openWork, order: "ascending", limit: 1 });
    return items[0]?.key === mark;
  }

  /** To be called when every unfinished job has been opened. */
  async markComplete(): Promise<void> {
    const state = { key: mark, set: { complete: "" }, index: openWork.index };
    await this.store.commit({ scope: openWork.scope, state, events: [] });
  }

  /** Jobs that are to be opened again if they are unfinished, each told once. */
  takeGone(): string[] {
    const gone = [...this.#gone];
    this.#gone.clear();
    return gone;
  }

  /** Oldest first. */
  async *all(): AsyncGenerator<OpenWork, void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.store.listStates({
        ...openWork,
        order: "ascending",
        limit: pageSize,
        ...(after !== undefined && { after }),
      });
      for (const key of page.gone) this.#gone.add(jobIdOf(key));
      for (const { key, state } of page.items) {
        if (key === mark) continue;
        yield entryOf(state);
      }
      if (page.next === null) return;
      after = page.next;
    }
  }
}

function entryOf({ jobId = "", pipeline = "", openedAt }: StateRecord): OpenWork {
  return { jobId, pipeline, openedAt: new Date(Number(openedAt)) };
}
