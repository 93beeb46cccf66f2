import type {
  ListTasksInput,
  StartableTaskKind,
  StartTaskInput,
  Task,
  TaskInput,
  TaskKind,
  TaskResult,
} from "@jobwire/shared";
import { v7 as sortableId } from "uuid";
import { AppError } from "../app-error.js";
import type { Caller } from "../principal.js";
import { TaskFailure } from "./task-failure.js";
import type { TaskKinds } from "./task-kinds.js";
import { toTask, type TaskRecord } from "./task-record.js";
import { taskLeaseMs, TaskRun, type TaskWork } from "./task-run.js";
import { TaskSlots, type TaskLimits } from "./task-slots.js";
import { taskNotFound, type TaskStore } from "./task-store.js";

export interface TaskServiceOptions {
  readonly tasks: TaskStore;
  readonly kinds: TaskKinds;
  readonly limits: TaskLimits;
  readonly onError: (error: unknown, taskId: string) => void;
}

/** How long a list entry may wait for its task to be created before it counts as left over by a crash. */
const orphanAfterMs = 60_000;
/** How long tasks that a shutdown has failed may take to say so. */
const stopWithinMs = 2000;

/** Background work: starts it, runs it in this process, and ends what processes that died have left behind. */
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
      const record = newRecord(owner, kind, new Date(this.options.tasks.clock.now()));
      await this.options.tasks.create(record);
      void this.#perform(record, work).finally(release);
      return toTask(record);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** @throws AppError `TASK_NOT_FOUND`, also when the task is another user's. */
  async get(caller: Caller, taskId: string): Promise<Task> {
    return toTask(await this.#read(caller, taskId));
  }

  /** Newest first. */
  async list(owner: Caller, { limit }: ListTasksInput): Promise<Task[]> {
    return (await this.options.tasks.list(owner, limit)).map(toTask);
  }

  /**
   * Ends the task at once, whichever process runs it; that one stops the work when it next says something, within a
   * few seconds.
   * @throws AppError `TASK_NOT_FOUND` or `TASK_FINISHED`
   */
  async cancel(caller: Caller, taskId: string): Promise<Task> {
    const record = await this.#read(caller, taskId);
    const cancelled = await this.options.tasks.end(record, { status: "cancelled", error: "Cancelled." });
    if (!cancelled) throw taskFinished(await this.#read(caller, taskId));
    this.#runs.get(taskId)?.lose();
    return toTask(cancelled);
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

  /** Fails the tasks whose lease ran out and clears the list of what has ended or was never created. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { tasks } = this.options;
    for await (const { taskId, openedAt } of tasks.open()) {
      if (signal.aborted) return;
      const record = await tasks.find(taskId);
      const isLeftOver = record
        ? record.status !== "running"
        : tasks.clock.now() - openedAt.getTime() > orphanAfterMs;
      if (isLeftOver) await tasks.close(taskId);
      else if (record && record.leaseExpiresAt.getTime() <= tasks.clock.now()) {
        const error = "No server process runs the task any more; start it again.";
        await tasks.end(record, { status: "failed", error }, ["leaseExpiresAt"]);
      }
    }
  }

  async #perform(record: TaskRecord, work: TaskWork): Promise<void> {
    const run = new TaskRun(record, this.options.tasks, (error) => this.options.onError(error, record.id));
    this.#runs.set(record.id, run);
    if (this.#stopReason) run.stop(this.#stopReason);
    await run.perform(work);
    this.#runs.delete(record.id);
  }

  async #read(caller: Caller, taskId: string): Promise<TaskRecord> {
    const record = await this.options.tasks.find(taskId);
    if (!record || !maySee(caller, record)) throw taskNotFound(taskId);
    return record;
  }
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
    revision: 1,
  };
}

function taskFinished({ id, status }: TaskRecord): AppError {
  return new AppError("TASK_FINISHED", `Task ${id} has ended already: it is ${status}.`);
}
