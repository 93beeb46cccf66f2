import { formatCursor, isTerminalJobStatus, jobStatuses, type JobEvent } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { DamagedRecords } from "../damaged-records.js";
import type { StoreClock } from "../store/store-clock.js";
import type { NewEvent, StateRecord, Store } from "../store/store.js";
import { encodeEvent } from "../streams/event-codec.js";
import { feedTopic, jobIdOf, jobKey, jobsIndex, jobTopic, ownerRecordKey, ownerScope } from "./job-keys.js";
import { readJobRecord, writeJobFields, type JobRecord } from "./job-record.js";

export interface JobStoreOptions {
  readonly store: Store;
  /** How long a finished job and its log are kept. */
  readonly retainFinishedMs: number;
  readonly damaged: DamagedRecords;
  readonly onError: (error: unknown) => void;
}

/** `revision` counts transitions; a renewal moves `leaseExpiresAt` only. */
export type Guard = "revision" | "leaseExpiresAt";

export interface FoundJob {
  readonly ownerId: string;
  readonly isFinished: boolean;
}

const maxCachedOwners = 50_000;
const unfinishedStatuses = jobStatuses.filter((status) => !isTerminalJobStatus(status));
const finishedStatuses = jobStatuses.filter(isTerminalJobStatus);

/** Where jobs live: the state and its log in the owner's scope, and an index from a job to its owner. */
export class JobStore {
  readonly #owners = new Map<string, string>();
  readonly #recentReads = new Map<string, Promise<JobRecord>>();

  constructor(private readonly options: JobStoreOptions) {}

  get clock(): StoreClock {
    return this.options.store.clock;
  }

  /** The owner is written first: a job whose owner is unknown cannot be found, an owner without a job harms nobody. */
  async create(record: JobRecord, events: readonly JobEvent[]): Promise<void> {
    const { scope, key } = ownerRecordKey(record.id);
    const { ownerId } = record;
    await this.options.store.commit({
      scope,
      state: { key, expect: "absent", set: { ownerId } },
      events: [],
    });
    await this.options.store.commit({
      scope: ownerScope(ownerId),
      state: { key: jobKey(record.id), expect: "absent", set: writeJobFields(record), index: jobsIndex },
      events: events.flatMap((event) => logEntriesOf(record, event)),
    });
    this.#remember(record.id, ownerId);
  }

  /** @throws AppError `JOB_NOT_FOUND`; ZodError when the record is damaged. */
  async read(jobId: string): Promise<JobRecord> {
    const state = await this.#readState(jobId);
    if (!state) throw jobNotFound(jobId);
    return readJobRecord(state);
  }

  /** For those who look after the jobs of all. @returns `null` when there is no such job, or it cannot be read. */
  async look(jobId: string): Promise<JobRecord | null> {
    const state = await this.#readState(jobId);
    return state && this.options.damaged.read(jobKey(jobId), state, readJobRecord);
  }

  /**
   * Where a job is that is there. An unfinished job is not asked for again for a second, and who asks at the same
   * time gets the same answer: a thousand streams of one job that come back together cost one read.
   * @throws AppError `JOB_NOT_FOUND`
   */
  async find(jobId: string): Promise<FoundJob> {
    let record = this.#recentReads.get(jobId);
    if (!record) {
      record = this.read(jobId);
      this.#recentReads.set(jobId, record);
      const forget = () => this.#recentReads.delete(jobId);
      record.then(
        ({ status }) => (isTerminalJobStatus(status) ? forget() : setTimeout(forget, 1000).unref()),
        forget,
      );
    }
    const { ownerId, status } = await record;
    return { ownerId, isFinished: isTerminalJobStatus(status) };
  }

  async list(ownerId: string, { limit, before }: { limit: number; before: string | undefined }) {
    const page = await this.options.store.listStates({
      scope: ownerScope(ownerId),
      index: jobsIndex,
      order: "descending",
      limit,
      ...(before !== undefined && { after: jobKey(before) }),
    });
    const records = this.options.damaged.readAll(page.items, readJobRecord);
    return { records, next: page.next === null ? null : jobIdOf(page.next) };
  }

  /**
   * From the job as it was read to `next`, with the events that say so.
   * @returns false when one of the `guard` fields is no longer as it was read, or a guarded lease has not run out by the
   * store's clock: nothing has changed then.
   */
  async change(
    read: JobRecord,
    next: JobRecord,
    events: readonly JobEvent[],
    guard: readonly Guard[],
  ): Promise<boolean> {
    const before = writeJobFields(read);
    const after = writeJobFields(next);
    const finished = isTerminalJobStatus(next.status);
    const { accepted } = await this.options.store.commit({
      scope: ownerScope(read.ownerId),
      state: {
        key: jobKey(read.id),
        expect: Object.fromEntries(guard.map((field) => [field, [before[field] ?? ""]])),
        ...(guard.includes("leaseExpiresAt") && { expectPast: "leaseExpiresAt" }),
        set: Object.fromEntries(Object.entries(after).filter(([field, text]) => text !== before[field])),
        // It is listed already, unless the index was lost.
        index: jobsIndex,
      },
      events: events.flatMap((event) => logEntriesOf(read, event)),
      ...(finished && { retainMs: this.options.retainFinishedMs }),
    });
    if (accepted && finished) await this.#forgetOwner(read.id, this.options.retainFinishedMs);
    return accepted;
  }

  /** Adds an event to the log of an unfinished job. @returns its id there; `null` when the job is finished. */
  async append(record: JobRecord, event: JobEvent, idempotencyKey?: string): Promise<string | null> {
    const committed = await this.options.store.commit({
      scope: ownerScope(record.ownerId),
      state: { key: jobKey(record.id), expect: { status: unfinishedStatuses }, set: {} },
      events: logEntriesOf(record, event),
      ...(idempotencyKey !== undefined && { idempotencyKey: `${record.id}/${idempotencyKey}` }),
    });
    const [cursor] = committed.accepted ? committed.cursors : [];
    return cursor ? formatCursor(cursor) : null;
  }

  /** Sets when the claim ends. @returns false when `workerId` does not hold the unfinished job. */
  async setLease(record: JobRecord, workerId: string, leaseExpiresAt: Date): Promise<boolean> {
    const { accepted } = await this.options.store.commit({
      scope: ownerScope(record.ownerId),
      state: {
        key: jobKey(record.id),
        expect: { status: unfinishedStatuses, workerId: [workerId] },
        set: writeJobFields({ leaseExpiresAt }),
      },
      events: [],
    });
    return accepted;
  }

  /** Puts back what leads to a job that is there: its owner's list, and the record that names its owner. */
  async relist({ id, ownerId, status }: JobRecord): Promise<void> {
    const { store, retainFinishedMs } = this.options;
    const { scope, key } = ownerRecordKey(id);
    const retainMs = isTerminalJobStatus(status) ? retainFinishedMs : undefined;
    await store.commit({
      scope,
      state: { key, expect: "absent", set: { ownerId } },
      events: [],
      ...(retainMs !== undefined && { retainMs }),
    });
    await store.commit({
      scope: ownerScope(ownerId),
      state: { key: jobKey(id), expect: { id: [id] }, set: {}, index: jobsIndex },
      events: [],
    });
  }

  /**
   * Drops a job and its log before its time; the owner's feed keeps what it has. @returns false when it is not finished
   * or already gone.
   */
  async drop({ id, ownerId }: Pick<JobRecord, "id" | "ownerId">): Promise<boolean> {
    const { accepted } = await this.options.store.commit({
      scope: ownerScope(ownerId),
      state: { key: jobKey(id), expect: { status: finishedStatuses }, set: {}, index: jobsIndex },
      events: [],
      closedTopics: [jobTopic(id)],
      retainMs: 0,
    });
    if (accepted) await this.#forgetOwner(id, 0);
    return accepted;
  }

  /** After the job's commit, so that the index outlives the job. Failing here costs a small key, not the call. */
  async #forgetOwner(jobId: string, retainMs: number): Promise<void> {
    const { store, onError } = this.options;
    const { scope, key } = ownerRecordKey(jobId);
    await store.commit({ scope, state: { key, set: {} }, events: [], retainMs }).catch(onError);
  }

  async #readState(jobId: string): Promise<StateRecord | null> {
    const ownerId = await this.#findOwner(jobId);
    if (ownerId === undefined) return null;
    return this.options.store.readState({ scope: ownerScope(ownerId), key: jobKey(jobId) });
  }

  async #findOwner(jobId: string): Promise<string | undefined> {
    const cached = this.#owners.get(jobId);
    if (cached !== undefined) return cached;
    const ownerId = (await this.options.store.readState(ownerRecordKey(jobId)))?.ownerId;
    if (ownerId !== undefined) this.#remember(jobId, ownerId);
    return ownerId;
  }

  #remember(jobId: string, ownerId: string): void {
    if (this.#owners.size >= maxCachedOwners) {
      for (const oldest of this.#owners.keys()) {
        this.#owners.delete(oldest);
        break;
      }
    }
    this.#owners.set(jobId, ownerId);
  }
}

/** The same for a job that does not exist and for one that is somebody else's. */
export function jobNotFound(jobId: string): AppError {
  return new AppError("JOB_NOT_FOUND", `There is no job ${JSON.stringify(jobId)} that you may see.`);
}

/** An event goes to the job's log and to its owner's feed. The one that says the job's end closes the job's log. */
function logEntriesOf({ id, ownerId }: JobRecord, event: JobEvent): NewEvent[] {
  const { type } = event;
  const body = encodeEvent(event);
  const last = event.type === "build.stage.started" && isTerminalJobStatus(event.status);
  return [
    { topic: jobTopic(id), type, body, last },
    { topic: feedTopic(ownerId).topic, type, body },
  ];
}
