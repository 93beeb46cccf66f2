import type { JobCounts } from "@jobwire/shared";
import { countOf } from "../jobs/job-filter.js";
import type { MetricValues } from "./read-metrics.js";

/** What the charts show, at one time. */
export interface Sample {
  readonly at: Date;
  readonly eventsSent: number;
  readonly eventsPerSecond: number | null;
  readonly streams: number;
  readonly lagMs: number;
  readonly store: "kept here" | "redis-up" | "redis-away";
  readonly slowClosed: number;
  readonly refused: number;
  readonly waiting: number;
  readonly running: number;
}

export function sampleOf(values: MetricValues, counts: JobCounts, before: Sample | undefined): Sample {
  const at = new Date();
  const eventsSent = values.sum("sse_events_sent_total", { status: "ok" });
  const redis = values.find("redis_connected");
  return {
    at,
    eventsSent,
    // A counter that fell was that of another process.
    eventsPerSecond:
      before && eventsSent >= before.eventsSent
        ? ((eventsSent - before.eventsSent) * 1000) / (at.getTime() - before.at.getTime())
        : null,
    streams: values.sum("sse_connections_active"),
    lagMs: values.sum("nodejs_eventloop_lag_p99_seconds") * 1000,
    store: redis === undefined ? "kept here" : redis === 1 ? "redis-up" : "redis-away",
    slowClosed: values.sum("sse_connections_closed_total", { reason: "slow" }),
    refused: values.sum("sse_connections_total", { action: "refused" }),
    waiting: countOf(counts, "waiting"),
    running: countOf(counts, "running"),
  };
}
