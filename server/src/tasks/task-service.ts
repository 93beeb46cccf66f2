import {
  taskSchema,
  type ListTasksInput,
  type StartableTaskKind,
  type StartTaskInput,
  type Task,
  type TaskInput,
  type TaskKind,
  type TaskRecord,
  type TaskResult,
} from "@jobwire/shared";
import { v7 as sortableId } from "uuid";
import type { Caller } from "../principal.js";
import { taskFinished, taskNotFound } from "./task-errors.js";
import { TaskFailure } from "./task-failure.js";
import type { TaskKinds } from "./task-kinds.js";
import { taskLeaseMs, TaskRun, type TaskWork } from "./task-run.js";
import { TaskSlots, type TaskLimits } from "./task-slots.js";
import { ownedIndex, servicesIndex, type TaskTopic } from "./task-topic.js";

export interface TaskServiceOptions {
  readonly topic: TaskTopic;
  /** By the store's clock. */
  readonly now: () => Date;
  readonly kinds: TaskKinds;
  readonly limits: TaskLimits;
  readonly onError: (error: unknown, taskId: string) => void;
}

/** How long tasks that a shutdown has failed may take to say so. */
const stopWithinMs = 2000;

/** Background work: starts it and runs it in this process. What processes that died have left behind ends when it is due. */
export class TaskService {
  readonly #runs = new Map<string, TaskRun>();
  readonly #slots: TaskSlots;
  #stopReason: TaskFailure | null = null;

  constructor(private readonly options: TaskServiceOptions) {
    this.#slots = new TaskSlots(options.limits);
  }

  /** @throws AppError `TASKS_BUSY`, `SHUTTING_DOWN`, or what the kind refuses its input with. */
  start(caller: Caller, { kind, input }: StartTaskInput): Promise<Task> {
    return this.startWork(caller, kind, () => prepare(this.options.kinds, caller, kind, input));
  }

  /** As `start`, with other work than its kind's. */
  async startWork<Kind extends TaskKind>(
    owner: Caller,
    kind: Kind,
    prepareWork: () => Promise<TaskWork<TaskResult<Kind>>>,
  ): Promise<Task> {
    const release = this.#slots.take(owner);
    try {
      const work = await prepareWork();
      const record = newRecord(owner, kind, this.options.now());
      await this.options.topic.change({ taskId: record.id }, () => ({
        state: record,
        events: [{ type: "task.started", kind, timestamp: record.startedAt }],
      }));
      void this.#perform(record, work).finally(release);
      return taskSchema.parse(record);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** @throws AppError `TASK_NOT_FOUND`, also when the task is another user's. */
  async get(caller: Caller, taskId: string): Promise<Task> {
    return taskSchema.parse(seen(caller, taskId, await this.options.topic.state({ taskId })));
  }

  /** Newest first. */
  list({ role, userId }: Caller, { limit }: ListTasksInput): Promise<Task[]> {
    return this.#list([ownedIndex(role, userId)], limit);
  }

  /** Those that the sessions of a user hear of, the user's own and those of services: the newest first. */
  listHeardOf(userId: string, limit: number): Promise<Task[]> {
    return this.#list([ownedIndex("user", userId), servicesIndex], limit);
  }

  /**
   * Ends the task at once, whichever process runs it; that one stops the work when it next says something, within a
   * few seconds.
   * @throws AppError `TASK_NOT_FOUND` or `TASK_FINISHED`
   */
  async cancel(caller: Caller, taskId: string): Promise<Task> {
    const { state } = await this.options.topic.change({ taskId }, (task) => {
      const { kind, ...record } = seen(caller, taskId, task);
      if (record.status !== "running") throw taskFinished(record);
      return {
        state: { ...record, kind, status: "cancelled" },
        events: [{ type: "task.failed", kind, error: "Cancelled.", timestamp: this.options.now() }],
      };
    });
    this.#runs.get(taskId)?.lose();
    return taskSchema.parse(state);
  }

  /**
   * Refuses new tasks and waits for those that run, at most `withinMs`; then fails the rest with a message that says
   * so. To be called before the store is closed.
   */
  async drain({ withinMs }: { withinMs: number }): Promise<void> {
    this.#slots.close();
    await this.#slots.emptied(withinMs);
    this.#stopReason = new TaskFailure("The server was stopped before the task was done; start it again.");
    for (const run of this.#runs.values()) run.stop(this.#stopReason);
    await this.#slots.emptied(stopWithinMs);
  }

  async #list(index: readonly string[], limit: number): Promise<Task[]> {
    const { items } = await this.options.topic.list({ index, order: "descending", limit });
    return items.map(({ state }) => taskSchema.parse(state));
  }

  async #perform(record: TaskRecord, work: TaskWork): Promise<void> {
    const { topic, now, onError } = this.options;
    const run = new TaskRun(record, { topic, now, onError: (error) => onError(error, record.id) });
    this.#runs.set(record.id, run);
    if (this.#stopReason) run.stop(this.#stopReason);
    await run.perform(work);
    this.#runs.delete(record.id);
  }
}

/** @throws AppError `TASK_NOT_FOUND`, also when the task is another user's. */
function seen(caller: Caller, taskId: string, task: TaskRecord | null): TaskRecord {
  if (!task || !maySee(caller, task)) throw taskNotFound(taskId);
  return task;
}

function maySee({ role, userId }: Caller, { ownerRole, ownerId }: TaskRecord): boolean {
  return role === "service" || (ownerRole === "user" && ownerId === userId);
}

/** The kind of a caller's input decides which entry of the table it goes to. */
function prepare<Kind extends StartableTaskKind>(
  kinds: TaskKinds,
  caller: Caller,
  kind: Kind,
  input: TaskInput<Kind>,
): Promise<TaskWork<TaskResult<Kind>>> {
  return kinds[kind](caller, input);
}

function newRecord({ role, userId }: Caller, kind: TaskKind, now: Date): TaskRecord {
  return {
    id: sortableId(),
    ownerId: userId,
    ownerRole: role,
    kind,
    status: "running",
    progress: 0,
    text: "",
    result: null,
    error: null,
    startedAt: now,
    updatedAt: now,
    leaseExpiresAt: new Date(now.getTime() + taskLeaseMs),
  };
}
