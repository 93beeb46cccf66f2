import { roles, taskKinds, taskSchema, taskStatuses, type Role, type Task } from "@jobwire/shared";
import { z } from "zod";
import type { StateRecord } from "../store/store.js";

/** A task as the store holds it: `Task` and what only the service needs. */
export interface TaskRecord {
  readonly id: string;
  readonly ownerId: string;
  /** What the owner was when the task was started: a service's task speaks to all sessions. */
  readonly ownerRole: Role;
  readonly kind: Task["kind"];
  readonly status: Task["status"];
  readonly progress: number;
  readonly text: string;
  readonly result: Task["result"];
  readonly error: string | null;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  /** When a running task counts as left behind by a process that died, unless that process renews it. */
  readonly leaseExpiresAt: Date;
  /** One more for each change by the process that runs it. */
  readonly revision: number;
}

const dateSchema = z.coerce.number().transform((ms) => new Date(ms));

const recordSchema = z.object({
  id: z.string(),
  ownerId: z.string(),
  ownerRole: z.enum(roles),
  kind: z.enum(taskKinds),
  status: z.enum(taskStatuses),
  progress: z.coerce.number(),
  text: z.string(),
  result: z.string().transform((text): unknown => JSON.parse(text)),
  error: z.string().transform((text) => (text === "" ? null : text)),
  startedAt: dateSchema,
  updatedAt: dateSchema,
  leaseExpiresAt: dateSchema,
  revision: z.coerce.number(),
});

export function readTaskRecord(state: StateRecord): TaskRecord {
  const record = recordSchema.parse(state);
  return { ...record, result: taskSchema.parse(record).result };
}

/** The fields in the form `readTaskRecord` reads. */
export function writeTaskRecord({ result, error, ...record }: TaskRecord): StateRecord {
  const fields = Object.entries({ ...record, result: JSON.stringify(result), error: error ?? "" });
  return Object.fromEntries(fields.map(([name, value]) => [name, fieldText(value)]));
}

/** @throws ZodError when its result is not one of its kind. */
export function toTask(record: TaskRecord): Task {
  return taskSchema.parse(record);
}

function fieldText(value: string | number | Date): string {
  return value instanceof Date ? String(value.getTime()) : String(value);
}
