"use client";

import { useSyncExternalStore } from "react";
import type { ConnectionStatus } from "../live/connection-status.js";
import type { SessionState } from "../live/session-state.js";
import type { SpoolBoard } from "../live/spool-board.js";
import { useJobwireStreams } from "./provider.js";
import {
  itself,
  type Choosing,
  type Selecting,
  type SkipOptions,
  type StreamResult,
  type Whole,
} from "./stream-result.js";
import { useWatched } from "./use-watched.js";

/** What `useSpools` gives. */
export type SpoolsResult = StreamResult<SpoolBoard, "spools">;
/** What `useSession` gives. */
export type SessionResult = StreamResult<SessionState, "tasks">;

/** The spool board, live. */
export function useSpools<Selected>(options: SkipOptions & Selecting<SpoolsResult, Selected>): Selected;
export function useSpools(options?: SkipOptions & Whole): SpoolsResult;
export function useSpools<Selected>({
  skip,
  select = itself,
}: SkipOptions & Choosing<SpoolsResult, Selected> = {}): SpoolsResult | Selected {
  const pool = useJobwireStreams().board;
  return useWatched({ pool, input: null, field: "spools" }, { skip, select });
}

/**
 * Everything meant for one browser session: versions, background tasks, messages.
 * @param requestId names the session; chosen by the caller. Of two connections with one id the newer has it.
 */
export function useSession<Selected>(
  requestId: string,
  options: SkipOptions & Selecting<SessionResult, Selected>,
): Selected;
export function useSession(requestId: string, options?: SkipOptions & Whole): SessionResult;
export function useSession<Selected>(
  requestId: string,
  { skip, select = itself }: SkipOptions & Choosing<SessionResult, Selected> = {},
): SessionResult | Selected {
  const pool = useJobwireStreams().session;
  return useWatched({ pool, input: requestId, field: "tasks" }, { skip, select });
}

/** How the connection is, over all streams of the client. Opens none. */
export function useConnectionStatus(): ConnectionStatus {
  const { status } = useJobwireStreams();
  return useSyncExternalStore(status.subscribe, status.getSnapshot, status.getFirstSnapshot);
}
