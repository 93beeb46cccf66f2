import {
  jobIdSchema,
  jobSchema,
  jobStatusSchema,
  requestIdSchema,
  spoolSchema,
  taskSchema,
  timestampSchema,
  workerSchema,
} from "@jobwire/shared";
import { z } from "zod";

const idsSchema = z.object({ ids: z.array(z.string()) });
const deliveredSchema = z.object({ delivered: z.number().int().min(0) });

/** What each procedure with a plain path answers. `test/types/open-api.test-d.ts` holds it against the router. */
export const answers = {
  jobs: {
    create: jobSchema,
    get: jobSchema,
    list: z.object({ items: z.array(jobSchema), nextCursor: z.string().nullable() }),
    counts: z.record(jobStatusSchema, z.number().int().min(0)),
    cancel: jobSchema,
    rerun: jobSchema,
    remove: z.object({ removed: z.literal(true) }),
    transition: jobSchema,
    /** The ids in the job's stream, and the last of them. */
    publish: idsSchema.extend({ id: z.string() }),
  },
  work: {
    waiting: z.object({ items: z.array(z.object({ jobId: jobIdSchema, pipeline: z.string() })) }),
    claim: jobSchema,
    renew: z.object({ leaseExpiresAt: timestampSchema }),
    write: idsSchema,
    offer: workerSchema,
    leave: z.object({ left: z.literal(true) }),
  },
  workers: { list: z.array(workerSchema) },
  pipelines: {
    list: z.array(
      z.object({
        name: z.string(),
        projects: z.array(z.string()),
        workers: z.number().int().min(0),
        waiting: z.number().int().min(0),
      }),
    ),
  },
  spools: {
    register: spoolSchema,
    tomar: spoolSchema,
    pausar: spoolSchema,
    completar: spoolSchema,
    changeState: spoolSchema,
    list: z.array(spoolSchema),
    publish: z.object({ published: z.boolean() }),
  },
  sessions: {
    send: deliveredSchema,
    list: z.array(
      z.object({
        requestId: requestIdSchema,
        userId: z.string(),
        connectionId: z.string(),
        since: timestampSchema,
        process: z.string(),
      }),
    ),
  },
  versions: { announce: deliveredSchema },
  tasks: {
    start: taskSchema,
    get: taskSchema,
    list: z.object({ items: z.array(taskSchema) }),
    cancel: taskSchema,
  },
} as const;

type Answers = typeof answers;

/** The name of a procedure that has a plain path. */
export type PlainProcedure = {
  [Room in keyof Answers]: `${Room}.${Extract<keyof Answers[Room], string>}`;
}[keyof Answers];

export function answerOf(procedure: PlainProcedure): z.ZodType {
  const [room = "", name = ""] = procedure.split(".");
  const rooms: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = answers;
  const schema = rooms[room]?.[name];
  if (!schema) throw new Error(`${procedure} has no answer.`);
  return schema;
}
