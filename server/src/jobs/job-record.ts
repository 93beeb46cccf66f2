import { isEncodableKey, jobSchema, jobStageLabels, type Job } from "@jobwire/shared";
import { z } from "zod";
import type { StateRecord } from "../store/store.js";

/** A job as the store holds it: `Job` and what only the service needs. */
export interface JobRecord extends Job {
  readonly stageStartedAt: Date;
  /** One more for each transition; the guard of the next one. */
  readonly revision: number;
}

const dateSchema = z.coerce.number().transform((ms) => new Date(ms));
const textOrNullSchema = z.string().transform((text) => (text === "" ? null : text));

const recordSchema = z.object({
  ...jobSchema.pick({ id: true, ownerId: true, status: true, message: true }).shape,
  title: textOrNullSchema,
  pipeline: textOrNullSchema,
  project: textOrNullSchema,
  metadata: z.string().transform(readMetadata),
  attempt: z.coerce.number(),
  workerId: textOrNullSchema,
  leaseExpiresAt: z.string().transform((text) => (text === "" ? null : new Date(Number(text)))),
  createdAt: dateSchema,
  updatedAt: dateSchema,
  stageStartedAt: dateSchema,
  revision: z.coerce.number(),
});

export function readJobRecord(state: StateRecord): JobRecord {
  const record = recordSchema.parse(state);
  return { ...record, stageLabel: jobStageLabels[record.status] };
}

/** Without the fields that no answer could carry: they were taken before they were refused. */
function readMetadata(text: string): Record<string, string> {
  const metadata = z.record(z.string(), z.string()).parse(JSON.parse(text));
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => isEncodableKey(name)));
}

/** The fields to set, in the form `readJobRecord` reads. The label is not stored: it follows from the status. */
export function writeJobFields({ stageLabel: _, ...fields }: Partial<JobRecord>): StateRecord {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fieldText(value)]));
}

export function toJob({ stageStartedAt: _, revision: __, ...job }: JobRecord): Job {
  return job;
}

function fieldText(value: JobRecord[keyof JobRecord] | undefined): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return String(value.getTime());
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
