import { applySpoolEvent, type Spool, type SpoolStreamEvent } from "@jobwire/shared";

/** The board as a client makes it: from what `spools.updates` says, in order, beginning with `start`. */
export function boardOf(events: readonly SpoolStreamEvent[], start: readonly Spool[] = []): Spool[] {
  let board = mapOf(start);
  for (const event of events) {
    if (event.type === "stream.gap") board = mapOf(event.snapshot);
    else board.set(event.tagSpool, applySpoolEvent(board.get(event.tagSpool) ?? null, event));
  }
  return [...board.values()].toSorted((one, other) => (one.tagSpool < other.tagSpool ? -1 : 1));
}

function mapOf(spools: readonly Spool[]): Map<string, Spool> {
  return new Map(spools.map((spool) => [spool.tagSpool, spool]));
}
