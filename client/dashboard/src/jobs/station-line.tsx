import type { JobStatus } from "@jobwire/shared";

/** The stages of a build in their order, as stations on a wire. */
const stations = [
  "starting",
  "scaffold",
  "code",
  "deps",
  "checks",
  "ready",
] as const satisfies readonly JobStatus[];

export interface StationLineProps {
  readonly status: JobStatus | null;
  /** The stage of now; of a job that failed the stage in which it did, `null` when that is not known. */
  readonly stage: JobStatus | null;
  /** How far the stage of now is. */
  readonly percent: number | null;
}

/** For the eye: the status beside it says the same in words. */
export function StationLine({ status, stage, percent }: StationLineProps) {
  const reached = stations.findIndex((station) => station === stage);
  const share = percent === null || status === "ready" ? 0 : percent / 100;
  const length = reached < 0 ? 0 : Math.min(1, (reached + share) / (stations.length - 1));
  return (
    <span className="station-line" data-status={status} aria-hidden="true">
      <span className="station-wire" style={{ transform: `scaleX(${length})` }} />
      {stations.map((station, index) => (
        <span
          key={station}
          className="station"
          data-passed={index <= reached}
          data-here={index === reached}
        />
      ))}
    </span>
  );
}
