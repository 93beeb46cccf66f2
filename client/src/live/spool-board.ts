import { applySpoolEvent, spoolEventTypes, type Spool, type SpoolStreamEvent } from "@jobwire/shared";
import { followWithState, type Followed, type StateItem } from "./follow-with-state.js";
import type { StreamSource } from "./shared-stream.js";

export interface SpoolBoard {
  /** `null` until they are known. */
  readonly spools: readonly Spool[] | null;
}

export const unknownBoard: SpoolBoard = { spools: null };

export type SpoolItem = StateItem<readonly Spool[], SpoolStreamEvent>;

export function createSpoolBoard(
  followed: Followed<readonly Spool[], SpoolStreamEvent>,
): StreamSource<SpoolBoard, SpoolItem> {
  return { reduce: reduceSpoolBoard, open: (sink) => followWithState(followed, sink) };
}

function reduceSpoolBoard(board: SpoolBoard, items: readonly SpoolItem[]): SpoolBoard {
  let byTag = mapOf(board.spools ?? []);
  for (const item of items) {
    if (item.kind === "loaded") {
      byTag = mapOf(item.loaded);
      continue;
    }
    const { data } = item.event;
    if (data.type === "stream.gap") byTag = mapOf(data.snapshot);
    // A newer server may send types that are not known here.
    else if (spoolEventTypes.includes(data.type))
      byTag.set(data.tagSpool, applySpoolEvent(byTag.get(data.tagSpool) ?? null, data));
  }
  return { spools: [...byTag.values()] };
}

function mapOf(spools: readonly Spool[]): Map<string, Spool> {
  return new Map(spools.map((spool) => [spool.tagSpool, spool]));
}
