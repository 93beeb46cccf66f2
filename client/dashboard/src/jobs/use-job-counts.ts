import { useEffect, useRef, useState } from "react";
import { useJobwireTrpc, type JobFeedFilter } from "@jobwire/client/react";
import type { JobCounts } from "@jobwire/shared";

/** Exact numbers of the server; `null` is not known yet. */
export interface KnownCounts {
  readonly counts: JobCounts | null;
  readonly attention: number | null;
}

const unknown: KnownCounts = { counts: null, attention: null };
/** However much happens, it is counted no more often. */
const pauseMs = 1000;
/** A worker that goes or comes says nothing in the feed of jobs. */
const restMs = 10_000;

/** @param changes whenever it is another number, it is counted anew. */
export function useJobCounts(filter: JobFeedFilter, changes: number): KnownCounts {
  const trpc = useJobwireTrpc();
  const [known, setKnown] = useState({ filter, ...unknown });
  const count = useRef<(() => void) | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isCounting = false;
    let isAsked = false;
    const run = async () => {
      clearTimeout(timer);
      [isCounting, isAsked] = [true, false];
      const options = { signal };
      // While the server is away the last answer stands; the connection says that it is away.
      const answer = await Promise.all([
        trpc.jobs.counts.query(filter, options),
        trpc.jobs.counts.query({ ...filter, attention: true }, options),
      ]).catch(() => null);
      if (signal.aborted) return;
      if (answer) {
        const [counts, { failed, queued }] = answer;
        setKnown({ filter, counts, attention: failed + queued });
      }
      timer = setTimeout(() => {
        isCounting = false;
        if (isAsked) void run();
        else timer = setTimeout(() => void run(), restMs);
      }, pauseMs);
    };
    count.current = () => {
      if (isCounting) isAsked = true;
      else void run();
    };
    void run();
    return () => {
      leaving.abort();
      clearTimeout(timer);
      count.current = null;
    };
  }, [trpc, filter]);
  useEffect(() => count.current?.(), [changes]);
  return known.filter === filter ? known : unknown;
}
