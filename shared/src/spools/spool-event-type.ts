/**
 * What happened to a spool.
 *
 * - `TOMAR`: taken by a worker.
 * - `PAUSAR`: released, available again.
 * - `COMPLETAR`: the operation is completed; it stays with its worker.
 * - `STATE_CHANGE`: its detail has changed, or it was registered.
 */
export const spoolEventTypes = ["TOMAR", "PAUSAR", "COMPLETAR", "STATE_CHANGE"] as const;

/** One of `spoolEventTypes`. */
export type SpoolEventType = (typeof spoolEventTypes)[number];
