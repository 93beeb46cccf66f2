import { applySpoolEvent, type Spool, type SpoolStreamEvent } from "@jobwire/shared";
import { followWithState, type Followed, type StateItem } from "./follow-with-state.js";
import type { StreamSource } from "./shared-stream.js";

/** The spools by tag; `null` until they are known. */
export type SpoolBoard = ReadonlyMap<string, Spool> | null;

export const unknownBoard: SpoolBoard = null;

export type SpoolItem = StateItem<readonly Spool[], SpoolStreamEvent>;

export function createSpoolBoard(
  followed: Followed<readonly Spool[], SpoolStreamEvent>,
): StreamSource<SpoolBoard, SpoolItem> {
  return { reduce: reduceSpoolBoard, open: (sink) => followWithState(followed, sink) };
}

function reduceSpoolBoard(board: SpoolBoard, items: readonly SpoolItem[]): SpoolBoard {
  let spools = new Map(board);
  for (const item of items) {
    if (item.kind === "loaded") {
      spools = byTag(item.loaded);
      continue;
    }
    const { data } = item.event;
    if (data.type === "stream.gap") spools = byTag(data.snapshot);
    else spools.set(data.tagSpool, applySpoolEvent(spools.get(data.tagSpool) ?? null, data));
  }
  return spools;
}

function byTag(spools: readonly Spool[]): Map<string, Spool> {
  return new Map(spools.map((spool) => [spool.tagSpool, spool]));
}
