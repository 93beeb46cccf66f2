import { z } from "zod";
import type { StreamGap } from "./stream-gap.js";
import { lastEventIdSchema } from "./stream-input.js";
import { timestampSchema } from "./timestamp.js";

/** The tag on a spool as the shop floor reads it. */
export const tagSpoolSchema = z.string().trim().min(1).max(128);

const workerNombreSchema = z.string().trim().min(1).max(128);
const estadoDetalleSchema = z.string().trim().min(1).max(1024);

/** Text by text, like a job's metadata. */
const additionalDataSchema = z
  .record(z.string().min(1).max(64), z.string().max(1024))
  .refine((data) => Object.keys(data).length <= 50, "at most 50 entries");

/** A spool as the board shows it. */
export const spoolSchema = z.object({
  tagSpool: tagSpoolSchema,
  /** Who has it; `null`: it is available. */
  workerNombre: workerNombreSchema.nullable(),
  estadoDetalle: estadoDetalleSchema.nullable(),
  /** Whoever has it has completed the operation and has not released it yet. */
  completed: z.boolean(),
  updatedAt: timestampSchema,
});

export type Spool = z.infer<typeof spoolSchema>;

/**
 * What happened to a spool.
 *
 * - `TOMAR`: taken by a worker.
 * - `PAUSAR`: released, available again.
 * - `COMPLETAR`: the operation is completed; it stays with its worker.
 * - `STATE_CHANGE`: its detail has changed, or it was registered.
 */
export const spoolEventTypes = ["TOMAR", "PAUSAR", "COMPLETAR", "STATE_CHANGE"] as const;

export type SpoolEventType = (typeof spoolEventTypes)[number];

const spoolEventFields = {
  tagSpool: tagSpoolSchema,
  /** Who has it after the event; in `PAUSAR` who had it. */
  workerNombre: workerNombreSchema.nullable(),
  /** The detail after the event. */
  estadoDetalle: estadoDetalleSchema.nullable(),
  timestamp: timestampSchema,
  additionalData: additionalDataSchema.optional(),
};

export const spoolEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("TOMAR"), ...spoolEventFields }),
  z.object({ type: z.literal("PAUSAR"), ...spoolEventFields }),
  z.object({ type: z.literal("COMPLETAR"), ...spoolEventFields }),
  z.object({ type: z.literal("STATE_CHANGE"), ...spoolEventFields }),
]);

export type SpoolEvent = z.infer<typeof spoolEventSchema>;

/** What `spools.updates` yields; after a gap the snapshot holds the whole board. */
export type SpoolStreamEvent = SpoolEvent | StreamGap<readonly Spool[]>;

/** The spool after the event. Boards that apply every event in order equal `spools.list`. */
export function applySpoolEvent(spool: Spool | null, event: SpoolEvent): Spool {
  const { type, tagSpool, workerNombre, estadoDetalle, timestamp } = event;
  const completed: Readonly<Record<SpoolEventType, boolean>> = {
    TOMAR: false,
    PAUSAR: false,
    COMPLETAR: true,
    STATE_CHANGE: spool?.completed ?? false,
  };
  return {
    tagSpool,
    workerNombre: type === "PAUSAR" ? null : workerNombre,
    estadoDetalle,
    completed: completed[type],
    updatedAt: timestamp,
  };
}

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

export const changeSpoolStateInputSchema = z.strictObject({
  tagSpool: tagSpoolSchema,
  estadoDetalle: estadoDetalleSchema,
  additionalData: additionalDataSchema.optional(),
});

export type ChangeSpoolStateInput = z.infer<typeof changeSpoolStateInputSchema>;

export const listSpoolsInputSchema = z
  .strictObject({
    /** `true`: only those nobody has; `false`: only those somebody has. */
    available: z.boolean().optional(),
  })
  .prefault({});

export type ListSpoolsInput = z.infer<typeof listSpoolsInputSchema>;

export const publishSpoolEventInputSchema = z.strictObject({
  type: z.enum(spoolEventTypes),
  tagSpool: tagSpoolSchema,
  workerNombre: workerNombreSchema.nullish(),
  estadoDetalle: estadoDetalleSchema.nullish(),
  additionalData: additionalDataSchema.optional(),
});

export type PublishSpoolEventInput = z.infer<typeof publishSpoolEventInputSchema>;

export const spoolUpdatesInputSchema = z.strictObject({ lastEventId: lastEventIdSchema }).prefault({});
