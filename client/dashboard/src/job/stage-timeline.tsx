import { useMemo } from "react";
import type { JobView, StageView } from "@jobwire/client";
import type { Tracked } from "@jobwire/client/react";
import { isTerminalJobStatus, jobStageLabels, type JobStatus, type JobStreamEvent } from "@jobwire/shared";
import { phaseOf } from "../jobs/job-filter.js";
import { formatClock } from "../time/format-time.js";
import { StageDuration } from "./stage-duration.js";

export interface StageTimelineProps {
  readonly job: JobView;
  readonly events: readonly Tracked<JobStreamEvent>[];
  /** The job is shown as it was: nothing ticks. */
  readonly isReplay: boolean;
}

const course = [
  "starting",
  "scaffold",
  "code",
  "deps",
  "checks",
  "ready",
] as const satisfies readonly JobStatus[];

/** Every stage that was entered, in order, and those a good build has yet to pass. */
export function StageTimeline({ job, events, isReplay }: StageTimelineProps) {
  const narrations = useNarrations(events);
  const { stages, status, attempt } = job;
  const isOver = status !== null && isTerminalJobStatus(status);
  return (
    <ol className="timeline">
      {stages.map((stage, index) => (
        <li
          key={`${stage.stage} ${stage.startedAt.getTime()}`}
          data-phase={index === stages.length - 1 ? phaseOf(stage.stage) : "passed"}
        >
          {stage.attempt > (stages[index - 1]?.attempt ?? 1) && (
            <p className="label timeline-attempt">Attempt {stage.attempt}</p>
          )}
          <div className="timeline-stage">
            <strong>{titleOf(stage.stageLabel)}</strong>
            <StageDuration stage={stage} isTicking={index === stages.length - 1 && !isOver && !isReplay} />
          </div>
          <p className="small soft">
            <time dateTime={stage.startedAt.toISOString()}>{formatClock(stage.startedAt)}</time>
            {remarkOn(stage)}
          </p>
          {narrations.get(keyOf(stage)) && <p className="small">{narrations.get(keyOf(stage))}</p>}
        </li>
      ))}
      {stagesToCome(job).map((stage) => (
        <li key={`${stage} to come ${attempt}`} data-phase="to-come">
          <div className="timeline-stage soft">{titleOf(jobStageLabels[stage])}</div>
        </li>
      ))}
    </ol>
  );
}

/** What was said about each stage; a view keeps only the newest. */
function useNarrations(events: readonly Tracked<JobStreamEvent>[]): ReadonlyMap<string, string> {
  return useMemo(() => {
    const said = new Map<string, string>();
    for (const { data } of events) {
      if (data.type !== "build.stage.started" || data.narration === undefined) continue;
      said.set(keyOf({ stage: data.stage, startedAt: data.timestamp }), data.narration);
    }
    return said;
  }, [events]);
}

function keyOf({ stage, startedAt }: Pick<StageView, "stage" | "startedAt">): string {
  return `${stage} ${startedAt.getTime()}`;
}

function stagesToCome({ status }: JobView): readonly JobStatus[] {
  if (status === null || isTerminalJobStatus(status)) return [];
  return course.slice(course.findIndex((stage) => stage === status) + 1);
}

/** A failure's message is shown by itself, in full. */
function remarkOn({ stage, stageLabel, message }: StageView): string {
  return message === null || message === stageLabel || stage === "failed" ? "" : ` · ${message}`;
}

function titleOf(stageLabel: string): string {
  return stageLabel.replace(/\.\.\.$/, "");
}
