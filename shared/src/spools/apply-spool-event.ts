import type { Spool, SpoolEvent } from "./spool.js";
import type { SpoolEventType } from "./spool-event-type.js";

/** The spool after the event. Boards that apply every event in order equal `spools.list`. */
export function applySpoolEvent(spool: Spool | null, event: SpoolEvent): Spool {
  const { type, tagSpool, estadoDetalle, timestamp } = event;
  const completed: Readonly<Record<SpoolEventType, boolean>> = {
    TOMAR: false,
    PAUSAR: false,
    COMPLETAR: true,
    STATE_CHANGE: spool?.completed ?? false,
  };
  const workerNombre = type === "PAUSAR" ? null : event.workerNombre;
  return {
    tagSpool,
    workerNombre,
    estadoDetalle,
    completed: workerNombre !== null && completed[type],
    updatedAt: timestamp,
  };
}
