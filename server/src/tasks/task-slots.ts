import { AppError } from "../app-error.js";
import type { Caller } from "../principal.js";

export interface TaskLimits {
  /** Tasks that run at once in this process. */
  readonly maxRunning: number;
  /** Of these, those of one owner. */
  readonly maxRunningPerOwner: number;
}

/** Bounds how much background work runs at once in this process. */
export class TaskSlots {
  readonly #owners = new Set<{ readonly name: string }>();
  readonly #waiting = new Set<() => void>();
  #isClosed = false;

  constructor(private readonly limits: TaskLimits) {}

  /** @returns what gives the slot back. @throws AppError `TASKS_BUSY` or `SHUTTING_DOWN` */
  take({ role, userId }: Caller): () => void {
    if (this.#isClosed) {
      throw new AppError("SHUTTING_DOWN", "The server is shutting down and starts no tasks; call again.");
    }
    const slot = { name: `${role}/${userId}` };
    const own = [...this.#owners].filter(({ name }) => name === slot.name).length;
    if (own >= this.limits.maxRunningPerOwner) {
      throw new AppError("TASKS_BUSY", `You have ${own} tasks running; wait until one of them has ended.`);
    }
    if (this.#owners.size >= this.limits.maxRunning) {
      throw new AppError("TASKS_BUSY", "The server runs as many tasks as it may; call again in a while.");
    }
    this.#owners.add(slot);
    return () => {
      this.#owners.delete(slot);
      if (this.#owners.size === 0) for (const wake of this.#waiting) wake();
    };
  }

  /** From here on no slot is given out. */
  close(): void {
    this.#isClosed = true;
  }

  /** Resolves when no slot is taken, at the latest after `withinMs`. */
  async emptied(withinMs: number): Promise<void> {
    if (this.#owners.size === 0) return;
    await new Promise<void>((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(settle);
        resolve();
      };
      const timer = setTimeout(settle, withinMs);
      this.#waiting.add(settle);
    });
  }
}
