import { useEffect, useState } from "react";
import { useAuthorizedFetch } from "../sign-in/authorized-fetch.js";
import { readMetrics, type MetricValues } from "./read-metrics.js";

/** What the charts show, at one time. */
export interface Sample {
  readonly at: number;
  readonly eventsSent: number;
  readonly eventsPerSecond: number | null;
  readonly streams: number;
  readonly lagMs: number;
  readonly store: "memory" | "redis-up" | "redis-down";
  readonly slowClosed: number;
  readonly refused: number;
}

const intervalMs = 2000;
/** Five minutes. */
const maxSamples = 150;

export function useMetrics(): { readonly samples: readonly Sample[]; readonly problem: string | null } {
  const authorizedFetch = useAuthorizedFetch();
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const response = await authorizedFetch("/metrics", { signal: leaving.signal });
        if (!response.ok) throw new Error(`The server answered with status ${response.status}.`);
        const values = readMetrics(await response.text());
        setSamples((before) => [...before, sampleOf(values, before.at(-1))].slice(-maxSamples));
        setProblem(null);
      } catch (error) {
        if (leaving.signal.aborted) return;
        setProblem(error instanceof Error ? error.message : String(error));
      }
      timer = setTimeout(() => void ask(), intervalMs);
    };
    void ask();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [authorizedFetch]);
  return { samples, problem };
}

function sampleOf(values: MetricValues, before: Sample | undefined): Sample {
  const at = performance.now();
  const eventsSent = values.sum("sse_events_sent_total", { status: "ok" });
  const redis = values.find("redis_connected");
  return {
    at,
    eventsSent,
    // A counter that fell was that of another process.
    eventsPerSecond:
      before && eventsSent >= before.eventsSent
        ? ((eventsSent - before.eventsSent) * 1000) / (at - before.at)
        : null,
    streams: values.sum("sse_connections_active"),
    lagMs: values.sum("nodejs_eventloop_lag_p99_seconds") * 1000,
    store: redis === undefined ? "memory" : redis === 1 ? "redis-up" : "redis-down",
    slowClosed: values.sum("sse_connections_closed_total", { reason: "slow" }),
    refused: values.sum("sse_connections_total", { action: "refused" }),
  };
}
