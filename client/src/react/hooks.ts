import { useMemo, useSyncExternalStore } from "react";
import type { Spool } from "@jobwire/shared";
import type { ConnectionStatus } from "./connection-status.js";
import type { JobFeed } from "./job-feed.js";
import { useJobwireStreams } from "./provider.js";
import type { SessionState } from "./session-state.js";
import type { StreamConnection } from "./stream-connection.js";
import { useStream } from "./use-stream.js";
import type { WatchedJob } from "./watched-job.js";

/** What each hook says beside its state: how its own stream is. */
export interface Connected {
  readonly connection: StreamConnection;
}

/** One job with its log, live. Components that watch the same job share one stream. */
export function useJob(jobId: string): WatchedJob & Connected {
  return useConnected(useStream(useJobwireStreams().job, jobId));
}

/** All jobs of the user, live, over one stream however many there are. */
export function useJobFeed(): JobFeed & Connected {
  return useConnected(useStream(useJobwireStreams().feed, null));
}

/** The spool board, live. */
export function useSpools(): { readonly spools: readonly Spool[] | null } & Connected {
  const { state, connection } = useStream(useJobwireStreams().board, null);
  const spools = useMemo(() => state && [...state.values()], [state]);
  return useMemo(() => ({ spools, connection }), [spools, connection]);
}

/**
 * Everything meant for one browser session: versions, background tasks, messages.
 * @param requestId names the session; chosen by the caller. Of two connections with one id the newer has it.
 */
export function useSession(requestId: string): SessionState & Connected {
  return useConnected(useStream(useJobwireStreams().session, requestId));
}

/** How the connection is, over all streams of the provider. Opens none. */
export function useConnectionStatus(): ConnectionStatus {
  const { status } = useJobwireStreams();
  return useSyncExternalStore(status.subscribe, status.getSnapshot, status.getSnapshot);
}

function useConnected<State extends object>({
  state,
  connection,
}: {
  readonly state: State;
  readonly connection: StreamConnection;
}): State & Connected {
  return useMemo(() => ({ ...state, connection }), [state, connection]);
}
