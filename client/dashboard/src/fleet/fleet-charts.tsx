import { useFleetHistory } from "./fleet-history.js";
import type { Sample } from "./sample.js";
import { TimeChart } from "./time-chart.js";

const storeText: Readonly<Record<Sample["store"], string>> = {
  "kept here": "In this process",
  "redis-up": "Redis is up",
  "redis-away": "Redis is away",
};

export function FleetCharts() {
  const { samples, problem } = useFleetHistory();
  const newest = samples.at(-1);
  const of = (read: (sample: Sample) => number | null) =>
    samples.map((sample) => ({ at: sample.at, value: read(sample) }));
  return (
    <>
      {problem !== null && (
        <p role="alert" className="notice notice-bad fleet-problem">
          {problem}
        </p>
      )}
      <div className="charts">
        <TimeChart
          label="Jobs"
          unit="jobs"
          series={[
            { label: "running", points: of(({ running }) => running) },
            { label: "waiting", points: of(({ waiting }) => waiting) },
          ]}
        />
        <TimeChart
          label="Events delivered"
          unit="per s"
          series={[{ label: "events", points: of(({ eventsPerSecond }) => eventsPerSecond) }]}
        />
        <TimeChart
          label="Open streams"
          unit="open"
          series={[{ label: "streams", points: of(({ streams }) => streams) }]}
        />
        <TimeChart
          label="Event loop lag, p99"
          unit="ms"
          series={[{ label: "lag", points: of(({ lagMs }) => lagMs) }]}
        />
      </div>
      <p className="fleet-store small" data-store={newest?.store}>
        <span className="label">Store</span>
        {newest ? (
          <>
            <strong>{storeText[newest.store]}</strong>
            <span className="soft">
              {newest.slowClosed} slow and {newest.refused} refused streams since the start
            </span>
          </>
        ) : (
          <span className="skeleton skeleton-line" />
        )}
      </p>
    </>
  );
}
