import { parseCursor, type Cursor, type StreamGap } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { Gap } from "./stream-source.js";

/** What all subscriptions take. */
export interface StreamRequest {
  readonly lastEventId?: string | null | undefined;
  readonly types?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The part of a `StreamSource` that the caller decides. @throws AppError `CURSOR_INVALID` */
export function readStreamRequest({ lastEventId, types, signal }: StreamRequest) {
  return { after: readCursor(lastEventId), types: types && new Set(types), signal };
}

export function gapEvent<Snapshot>(gap: Gap, snapshot: Snapshot): StreamGap<Snapshot> {
  return { type: "stream.gap", timestamp: new Date(), ...gap, snapshot };
}

function readCursor(lastEventId: string | null | undefined): Cursor | null {
  if (!lastEventId) return null;
  const cursor = parseCursor(lastEventId);
  if (!cursor) {
    throw new AppError(
      "CURSOR_INVALID",
      "lastEventId is not an id this server gives; leave it out to start anew.",
    );
  }
  return cursor;
}
