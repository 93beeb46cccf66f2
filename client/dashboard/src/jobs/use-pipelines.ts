import { useCallback } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import type { Pipeline } from "@jobwire/shared";
import { usePolled } from "../shell/use-polled.js";

const intervalMs = 10_000;

/** What workers offer and jobs wait for; `null` is not known yet. */
export function usePipelines(): readonly Pipeline[] | null {
  const trpc = useJobwireTrpc();
  const load = useCallback((signal: AbortSignal) => trpc.pipelines.list.query(undefined, { signal }), [trpc]);
  return usePolled(load, intervalMs);
}
