import type { JobView, StageView } from "@jobwire/client";
import { isTerminalJobStatus, jobCourse, jobStageLabels, type JobStatus } from "@jobwire/shared";
import { formatDuration } from "../time/format-time.js";

/** The stages of a build in their order, as stations on a wire. */
const stations = jobCourse.slice(0, -1);

/** Of a hundred parts of the wire: what the shortest stage gets, and one that is to come. */
const leastShare = 6;

export interface StationLineProps {
  readonly job: JobView;
  readonly now: Date;
}

/** How the time of the newest attempt went: each stretch of the wire is as long as its stage took. For the eye. */
export function StationLine({ job, now }: StationLineProps) {
  const { status } = job;
  const stretches = stretchesOf(job, now);
  return (
    <span className="station-line" data-status={status} aria-hidden="true" title={titleOf(stretches)}>
      {stretches.map(({ stage, state, share }) => (
        <span key={stage} className="stretch" data-state={state} style={{ flexGrow: share }} />
      ))}
      <span className="terminus" data-state={status === "ready" ? "passed" : "to-come"} />
    </span>
  );
}

interface Stretch {
  readonly stage: (typeof stations)[number];
  readonly state: "passed" | "here" | "failed" | "to-come";
  readonly durationMs: number | null;
  readonly share: number;
}

function stretchesOf({ status, stages, attempt }: JobView, now: Date): readonly Stretch[] {
  const isOver = status !== null && isTerminalJobStatus(status);
  const of = (stage: JobStatus) =>
    stages.findLast((one) => one.stage === stage && (one.attempt === attempt || stage === "starting"));
  const lasted = stations.map((stage) => ({ stage, durationMs: durationOf(of(stage), isOver, now) }));
  const whole = lasted.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0) || 1;
  return lasted.map(({ stage, durationMs }) => ({
    stage,
    state: stateOf(of(stage), status, stage),
    durationMs,
    share: durationMs === null ? leastShare : Math.max(leastShare, (100 * durationMs) / whole),
  }));
}

function durationOf(stage: StageView | undefined, isOver: boolean, now: Date): number | null {
  if (!stage) return null;
  if (stage.durationMs !== null) return stage.durationMs;
  return isOver ? 0 : Math.max(0, now.getTime() - stage.startedAt.getTime());
}

function stateOf(stage: StageView | undefined, status: JobStatus | null, name: JobStatus): Stretch["state"] {
  if (!stage) return "to-come";
  if (stage.outcome === "failed" || stage.outcome === "cancelled") return "failed";
  return status === name ? "here" : "passed";
}

function titleOf(stretches: readonly Stretch[]): string {
  return stretches
    .flatMap(({ stage, durationMs }) =>
      durationMs === null
        ? []
        : `${jobStageLabels[stage].replace(/\.\.\.$/, "")} ${formatDuration(durationMs)}`,
    )
    .join(" · ");
}
