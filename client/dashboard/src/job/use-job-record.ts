import { useEffect, useState } from "react";
import type { JobView } from "@jobwire/client";
import { useJobwireTrpc } from "@jobwire/client/react";
import type { Job } from "@jobwire/shared";

const intervalMs = 3000;

/**
 * The job's state with what its events do not say: its worker, its place among those that wait. Asked for again when the
 * events have gone further, and while it waits.
 */
export function useJobRecord(jobId: string, view: JobView | null): Job | null {
  const trpc = useJobwireTrpc();
  const [asked, setAsked] = useState<Job | null>(null);
  const job = newerOf(asked, view?.job ?? null);
  const isBehind = job !== null && (job.status !== view?.status || job.attempt !== view.attempt);
  const isWaiting = view?.status === "queued" && job?.pipeline !== null;
  const isWanted = isBehind || isWaiting;

  useEffect(() => {
    if (!isWanted) return undefined;
    const stopped = new AbortController();
    const ask = () => {
      if (document.visibilityState === "hidden") return;
      // Without an answer it is asked again; that the server is away is said by the connection.
      trpc.jobs.get.query({ jobId }, { signal: stopped.signal }).then(setAsked, () => {});
    };
    if (isBehind) ask();
    const timer = setInterval(ask, intervalMs);
    return () => {
      clearInterval(timer);
      stopped.abort();
    };
  }, [trpc, jobId, isWanted, isBehind, view?.status, view?.attempt]);
  return job;
}

function newerOf(asked: Job | null, told: Job | null): Job | null {
  if (!asked || !told) return asked ?? told;
  return asked.updatedAt >= told.updatedAt ? asked : told;
}

/** As the events tell it: they are ahead of what was asked for. */
export function outcomeOf({ status, stages }: JobView): Job["outcome"] {
  if (status === "ready") return "ready";
  if (status !== "failed") return null;
  return stages.some(({ outcome }) => outcome === "cancelled") ? "cancelled" : "failed";
}
