import type { JobView, StageView } from "@jobwire/client";
import type { Tracked } from "@jobwire/client/react";
import {
  isTerminalJobStatus,
  jobCourse,
  jobStageLabels,
  type Job,
  type JobStatus,
  type JobStreamEvent,
} from "@jobwire/shared";

export type StageState =
  | "waiting"
  | "running"
  | "completed"
  | "failed"
  | "cancelled"
  /** The end of a good build. */
  | "ready"
  /** Not entered, and perhaps never. */
  | "to-come";

/** One stage that a job was or is in, or has yet to pass. */
export interface StageRow {
  readonly key: string;
  readonly stage: JobStatus;
  readonly title: string;
  readonly attempt: number;
  readonly state: StageState;
  readonly startedAt: Date | null;
  /** `null` while it lasts. */
  readonly endedAt: Date | null;
  /** What was said about it. */
  readonly remark: string | null;
}

/** The rows of one attempt: a retry begins another group. */
export interface StageGroup {
  readonly attempt: number;
  readonly rows: readonly StageRow[];
}

/** Every stage that was entered, in order, and those that a good build passes after them. A failure is none of its own. */
export function stageRowsOf(view: JobView, remarks: ReadonlyMap<string, string>): readonly StageRow[] {
  const { stages, status, attempt } = view;
  const entered = stages.filter(({ stage }) => stage !== "failed");
  const isOver = status !== null && isTerminalJobStatus(status);
  const rows = entered.map((stage, index): StageRow => {
    const next = entered[index + 1];
    const isLast = next === undefined;
    const startedAt = stage.startedAt;
    return {
      key: keyOf(stage),
      stage: stage.stage,
      title: titleOf(stage.stageLabel),
      attempt: stage.attempt,
      state: stateOf(stage, next, isLast && !isOver),
      startedAt,
      endedAt:
        stage.durationMs === null
          ? (next?.startedAt ?? (isOver ? startedAt : null))
          : new Date(startedAt.getTime() + stage.durationMs),
      remark: remarks.get(keyOf(stage)) ?? null,
    };
  });
  return [...rows, ...stagesToCome(entered.at(-1)?.stage ?? null, attempt)];
}

export function groupRows(rows: readonly StageRow[]): readonly StageGroup[] {
  const groups: { attempt: number; rows: StageRow[] }[] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (last?.attempt === row.attempt) last.rows.push(row);
    else groups.push({ attempt: row.attempt, rows: [row] });
  }
  return groups;
}

/** What was said about each stage: in its own narration, else in its newest progress, which the job's state keeps. */
export function remarksOf(job: Job, events: readonly Tracked<JobStreamEvent>[]): ReadonlyMap<string, string> {
  const remarks = new Map<string, string>();
  for (const { message, ...stage } of job.stages)
    if (message !== undefined) remarks.set(keyOf(stage), message);
  for (const { data } of events) {
    if (data.type !== "build.stage.started" || data.stage === "failed") continue;
    const said = data.narration ?? (data.message === data.stageLabel ? undefined : data.message);
    if (said !== undefined) remarks.set(keyOf({ stage: data.stage, startedAt: data.timestamp }), said);
  }
  return remarks;
}

/** The stage in which a job ended badly. */
export function failedRowOf(rows: readonly StageRow[]): StageRow | null {
  return rows.findLast(({ state }) => state === "failed" || state === "cancelled") ?? null;
}

export function titleOf(stageLabel: string): string {
  return stageLabel.replace(/\.\.\.$/, "");
}

function stateOf(stage: StageView, next: StageView | undefined, isNow: boolean): StageState {
  if (stage.stage === "ready") return "ready";
  if (isNow && (stage.stage === "queued" || stage.stage === "scheduled")) return "waiting";
  if (isNow) return "running";
  if (stage.outcome === "failed" || stage.outcome === "cancelled") return stage.outcome;
  // What follows is another attempt: this one did not succeed.
  return next && next.attempt > stage.attempt ? "failed" : "completed";
}

function stagesToCome(last: JobStatus | null, attempt: number): readonly StageRow[] {
  return jobCourse.slice(jobCourse.findIndex((stage) => stage === last) + 1).map((stage) => ({
    key: `${stage} to come ${attempt}`,
    stage,
    title: titleOf(jobStageLabels[stage]),
    attempt,
    state: "to-come",
    startedAt: null,
    endedAt: null,
    remark: null,
  }));
}

function keyOf({ stage, startedAt }: Pick<StageView, "stage" | "startedAt">): string {
  return `${stage} ${startedAt.getTime()}`;
}
