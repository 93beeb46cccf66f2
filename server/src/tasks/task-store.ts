import type { Task, TaskEvent } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { DamagedRecords } from "../damaged-records.js";
import type { Caller } from "../principal.js";
import type { Audience, SessionBroadcasts } from "../sessions/session-broadcasts.js";
import { sessionsScope } from "../sessions/session-keys.js";
import type { StoreClock } from "../store/store-clock.js";
import type { StateRecord, Store } from "../store/store.js";
import { taskFailed, taskStarted } from "./task-events.js";
import { openTaskKey, openTasksIndex, ownedTasksIndex, taskKey } from "./task-keys.js";
import { readTaskRecord, writeTaskRecord, type TaskRecord } from "./task-record.js";

export interface TaskStoreOptions {
  readonly store: Store;
  readonly broadcasts: SessionBroadcasts;
  /** How long a task that has ended is kept. */
  readonly retainEndedMs: number;
  readonly damaged: DamagedRecords;
  readonly onError: (error: unknown, taskId: string) => void;
}

type Changed =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      /** The task as it is; `null` when there is none. */ readonly state: StateRecord | null;
    };

export interface OpenTask {
  readonly taskId: string;
  readonly openedAt: Date;
}

/** Where tasks live: each change is one commit with the events that say it to the sessions of its audience. */
export class TaskStore {
  constructor(private readonly options: TaskStoreOptions) {}

  get clock(): StoreClock {
    return this.options.store.clock;
  }

  /** The list of running tasks comes first: it may name a task that was never started, but misses none that was. */
  async create(record: TaskRecord): Promise<void> {
    const { store, broadcasts } = this.options;
    await store.commit({
      scope: sessionsScope,
      state: {
        key: openTaskKey(record.id),
        set: { taskId: record.id, openedAt: String(record.startedAt.getTime()) },
        index: openTasksIndex,
      },
      events: [],
    });
    const state = {
      key: taskKey(record.id),
      expect: "absent",
      set: writeTaskRecord(record),
      index: ownedTasksIndex(record.ownerRole, record.ownerId),
    } as const;
    await broadcasts.commit({ audience: audienceOf(record), state, events: [taskStarted(record)] });
  }

  async find(taskId: string): Promise<TaskRecord | null> {
    const state = await this.options.store.readState({ scope: sessionsScope, key: taskKey(taskId) });
    return state && this.options.damaged.read(taskKey(taskId), state, readTaskRecord);
  }

  /** Newest first. */
  async list({ role, userId }: Caller, limit: number): Promise<TaskRecord[]> {
    const { items } = await this.options.store.listStates({
      scope: sessionsScope,
      index: ownedTasksIndex(role, userId),
      order: "descending",
      limit,
    });
    return this.options.damaged.readAll(items, readTaskRecord);
  }

  /**
   * From a running task as it was read to `next`, with the events that say so. Refused when the task is not running any
   * more, when a field of `guard` is no longer as it was read, or when a guarded lease has not run out by the store's
   * clock: nothing has changed then.
   */
  change(
    read: TaskRecord,
    next: TaskRecord,
    events: readonly TaskEvent[],
    guard: readonly ("revision" | "leaseExpiresAt")[],
  ): Promise<Changed> {
    const before = writeTaskRecord(read);
    const after = writeTaskRecord(next);
    const asRead = Object.fromEntries(guard.map((field) => [field, [before[field] ?? ""]]));
    const state = {
      key: taskKey(read.id),
      expect: { status: ["running"], ...asRead },
      ...(guard.includes("leaseExpiresAt") && { expectPast: "leaseExpiresAt" }),
      set: Object.fromEntries(Object.entries(after).filter(([field, text]) => text !== before[field])),
    };
    const { store, broadcasts, retainEndedMs } = this.options;
    if (events.length === 0) return store.commit({ scope: sessionsScope, state, events: [] });
    return broadcasts.commit({
      audience: audienceOf(read),
      state,
      events,
      ...(next.status !== "running" && { retainMs: retainEndedMs }),
    });
  }

  /** Ends a running task that somebody else may be running. @returns the task; `null` when it was not running. */
  async end(
    read: TaskRecord,
    { status, error }: { status: "failed" | "cancelled"; error: string },
    guard: readonly "leaseExpiresAt"[] = [],
  ): Promise<TaskRecord | null> {
    const next = { ...read, status, error, updatedAt: new Date() };
    const { accepted } = await this.change(read, next, [taskFailed(next)], guard);
    if (!accepted) return null;
    await this.close(read.id);
    return next;
  }

  /** To be called after the task's end. What fails here is mended by the next sweep. */
  async close(taskId: string): Promise<void> {
    const { store, onError } = this.options;
    const state = { key: openTaskKey(taskId), set: {}, index: openTasksIndex };
    await store
      .commit({ scope: sessionsScope, state, events: [], retainMs: 0 })
      .catch((error: unknown) => onError(error, taskId));
  }

  /** Tasks that run or were left behind, oldest first. */
  async *open(): AsyncGenerator<OpenTask, void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.options.store.listStates({
        scope: sessionsScope,
        index: openTasksIndex,
        order: "ascending",
        limit: 100,
        ...(after !== undefined && { after }),
      });
      for (const { state } of page.items) {
        const { taskId = "", openedAt } = state;
        yield { taskId, openedAt: new Date(Number(openedAt)) };
      }
      if (page.next === null) return;
      after = page.next;
    }
  }
}

/** The same for a task that does not exist and for one that is somebody else's. */
export function taskNotFound(taskId: Task["id"]): AppError {
  return new AppError("TASK_NOT_FOUND", `There is no task ${JSON.stringify(taskId)} that you may see.`);
}

function audienceOf({ ownerRole, ownerId }: TaskRecord): Audience {
  return ownerRole === "service" ? "all" : { userId: ownerId };
}
