import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { SseStatistics } from "../../sse/index.js";

/** From a tenth of a millisecond, which a topic with one stream takes, to where readers notice. */
const sendBuckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

/**
 * Measures how long a topic takes to write to all its streams.
 * @returns what is to be told of each.
 */
export function addSendMetric(registry: Registry): (service: string, seconds: number) => void {
  const durations = new Histogram({
    name: "sse_send_duration_seconds",
    help: "From when an event came from the store to when it was written to the last stream of its topic",
    labelNames: ["service"],
    buckets: sendBuckets,
    registers: [registry],
  });
  return (service, seconds) => durations.observe({ service }, seconds);
}

/** What the transport has counted, read when it is asked for: counting itself is an addition. */
export function addStreamMetrics(registry: Registry, statistics: () => SseStatistics): void {
  registry.registerMetric(
    new Gauge({
      name: "sse_connections_active",
      help: "Streams that are open",
      registers: [],
      collect() {
        this.set(statistics().active);
      },
    }),
  );
  for (const { name, help, labelNames, read } of counters) {
    registry.registerMetric(
      new Counter({
        name,
        help,
        labelNames,
        registers: [],
        collect() {
          this.reset();
          for (const { labels, value } of read(statistics())) this.inc(labels, value);
        },
      }),
    );
  }
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface StreamCounter {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly read: (statistics: SseStatistics) => Sample[];
}

const counters: readonly StreamCounter[] = [
  {
    name: "sse_connections_total",
    help: "Streams that were opened and closed, and those that a limit or the shutdown refused",
    labelNames: ["action"],
    read: ({ opened, refused, closed }) => [
      { labels: { action: "opened" }, value: opened },
      { labels: { action: "closed" }, value: Object.values(closed).reduce((sum, count) => sum + count, 0) },
      { labels: { action: "refused" }, value: refused },
    ],
  },
  {
    name: "sse_connections_closed_total",
    help: "Closed streams by reason; slow: more waited than allowed; dead: nothing was taken in time",
    labelNames: ["reason"],
    read: ({ closed }) => Object.entries(closed).map(([reason, value]) => ({ labels: { reason }, value })),
  },
  {
    name: "sse_events_sent_total",
    help: "Events handed to a connection (ok), and those that met one that was over its buffer or closed (dropped)",
    labelNames: ["service", "status"],
    read: ({ services }) =>
      [...services].flatMap(([service, { sent, dropped }]) => [
        { labels: { service, status: "ok" }, value: sent },
        { labels: { service, status: "dropped" }, value: dropped },
      ]),
  },
  {
    name: "sse_events_replayed_total",
    help: "Events that streams caught up with, among those sent",
    labelNames: ["service"],
    read: ({ services }) =>
      [...services].map(([service, { replayed }]) => ({ labels: { service }, value: replayed })),
  },
  {
    name: "sse_gaps_total",
    help: "Streams that were told that events are missing, by reason",
    labelNames: ["service", "reason"],
    read: ({ services }) =>
      [...services].flatMap(([service, { gaps }]) =>
        Object.entries(gaps).map(([reason, value]) => ({ labels: { service, reason }, value })),
      ),
  },
];
