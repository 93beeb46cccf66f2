import { z } from "zod";
import { fieldNameSchema } from "../encodable.js";
import type { StreamGap } from "../stream-gap.js";
import { lastEventIdSchema } from "../last-event-id.js";
import { timestampSchema } from "../timestamp.js";
import type { TopicEvent } from "../topic/topic-types.js";
import { spoolEventTypes, type SpoolEventType } from "./spool-event-type.js";

/** The tag on a spool as the shop floor reads it. */
export const tagSpoolSchema = boardTextSchema(128);

const workerNombreSchema = boardTextSchema(128);
const estadoDetalleSchema = boardTextSchema(1024);

/** Text by text, like a job's metadata. */
const additionalDataSchema = z
  .record(fieldNameSchema, z.string().max(1024))
  .refine((data) => Object.keys(data).length <= 50, "at most 50 entries");

/** A spool as the board shows it. */
export const spoolSchema = z.object({
  tagSpool: tagSpoolSchema,
  /** Who has it; `null`: it is available. */
  workerNombre: workerNombreSchema.nullable(),
  estadoDetalle: estadoDetalleSchema.nullable(),
  /** Whoever has it has completed the operation and has not released it yet. Never of one that is available. */
  completed: z.boolean(),
  updatedAt: timestampSchema,
});

export type Spool = z.infer<typeof spoolSchema>;

/** Names a spool's log. */
export const spoolKey = z.object({ tagSpool: tagSpoolSchema });

const changeSchema = z.object({
  /** Who has it after the event; in `PAUSAR` who had it. */
  workerNombre: workerNombreSchema.nullable(),
  /** The detail after the event. */
  estadoDetalle: estadoDetalleSchema.nullable(),
  additionalData: additionalDataSchema.optional(),
});

/** Every event says all that holds after it: they differ in what was done. */
export const spoolEvents = {
  TOMAR: changeSchema,
  PAUSAR: changeSchema,
  COMPLETAR: changeSchema,
  STATE_CHANGE: changeSchema,
} satisfies Record<SpoolEventType, typeof changeSchema>;

/** One event of a spool's log. */
export type SpoolEvent = TopicEvent<typeof spoolKey, typeof spoolEvents>;

const spoolEventFields = { ...spoolKey.shape, ...changeSchema.shape, timestamp: timestampSchema };

/** One event of a spool's log, as it is stored and sent. */
export const spoolEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("TOMAR"), ...spoolEventFields }),
  z.object({ type: z.literal("PAUSAR"), ...spoolEventFields }),
  z.object({ type: z.literal("COMPLETAR"), ...spoolEventFields }),
  z.object({ type: z.literal("STATE_CHANGE"), ...spoolEventFields }),
]);

/** What `spools.updates` yields; after a gap the snapshot holds the whole board. */
export type SpoolStreamEvent = SpoolEvent | StreamGap<readonly Spool[]>;

/** What `spools.register` takes. */
export const registerSpoolInputSchema = z.strictObject({
  tagSpool: tagSpoolSchema,
  estadoDetalle: estadoDetalleSchema.optional(),
});

export type RegisterSpoolInput = z.infer<typeof registerSpoolInputSchema>;

/** What `spools.tomar`, `spools.pausar` and `spools.completar` take. */
export const spoolActionInputSchema = z.strictObject({
  tagSpool: tagSpoolSchema,
  workerNombre: workerNombreSchema,
  additionalData: additionalDataSchema.optional(),
});

export type SpoolActionInput = z.infer<typeof spoolActionInputSchema>;

/** What `spools.changeState` takes. */
export const changeSpoolStateInputSchema = z.strictObject({
  tagSpool: tagSpoolSchema,
  estadoDetalle: estadoDetalleSchema,
  additionalData: additionalDataSchema.optional(),
});

export type ChangeSpoolStateInput = z.infer<typeof changeSpoolStateInputSchema>;

/** What `spools.list` takes; default: the whole board. */
export const listSpoolsInputSchema = z
  .strictObject({
    /** `true`: only those nobody has; `false`: only those somebody has. */
    available: z.boolean().optional(),
  })
  .prefault({});

export type ListSpoolsInput = z.infer<typeof listSpoolsInputSchema>;

/** Of an outside system of record. Fields left out stay as the board has them; `null` empties them. */
export const publishSpoolEventInputSchema = z
  .strictObject({
    type: z.enum(spoolEventTypes),
    tagSpool: tagSpoolSchema,
    workerNombre: workerNombreSchema.nullish(),
    estadoDetalle: estadoDetalleSchema.nullish(),
    additionalData: additionalDataSchema.optional(),
  })
  .refine(({ type, workerNombre }) => type !== "TOMAR" || typeof workerNombre === "string", {
    path: ["workerNombre"],
    message: "TOMAR needs the name of the worker who took it",
  });

export type PublishSpoolEventInput = z.infer<typeof publishSpoolEventInputSchema>;

/** What `spools.updates` takes. */
export const spoolUpdatesInputSchema = z.strictObject({ lastEventId: lastEventIdSchema }).prefault({});

/** Text that reads the same in the state and in the events: half a surrogate pair would not. */
function boardTextSchema(maxLength: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .refine((text) => text.isWellFormed(), "is not well-formed Unicode");
}
