import { isTerminalJobStatus } from "@jobwire/shared";
import type { DamagedRecords } from "../damaged-records.js";
import type { Store } from "../store/store.js";
import { jobKey, ownerScope } from "./job-keys.js";
import { readJobRecord } from "./job-record.js";
import type { JobStore } from "./job-store.js";
import type { WorkQueue } from "./work-queue.js";

export interface JobRepairOptions {
  readonly store: Store;
  readonly jobs: JobStore;
  readonly queue: WorkQueue;
  readonly damaged: DamagedRecords;
}

/**
 * Finds jobs again that no list names any more, because Redis has evicted it or somebody has deleted it. It reads every
 * job there is, so it is done only when a list is known to be lost.
 */
export class JobRepair {
  constructor(private readonly options: JobRepairOptions) {}

  /** @throws AppError `STORE_UNAVAILABLE`: it is to be done again. */
  async mend(signal: AbortSignal): Promise<void> {
    const { store, jobs, queue, damaged } = this.options;
    for await (const { key, state } of store.scanStates({ scope: ownerScope(""), key: jobKey("") })) {
      if (signal.aborted) return;
      const record = damaged.read(key, state, readJobRecord);
      if (!record) continue;
      await jobs.relist(record);
      if (!isTerminalJobStatus(record.status)) await queue.open(record);
    }
    await queue.markComplete();
  }
}
