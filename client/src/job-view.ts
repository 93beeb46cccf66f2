import {
  isTerminalJobStatus,
  jobStageLabels,
  type Job,
  type JobEvent,
  type JobFeedEvent,
  type JobOutcome,
  type JobStage,
  type JobStatus,
  type JobStreamEvent,
  type StreamGapReason,
} from "@jobwire/shared";

/** What is known of a job from its events, for showing it. */
export interface JobView {
  readonly jobId: string;
  /** `null` until an event or a snapshot has said it. */
  readonly status: JobStatus | null;
  /** The status as people see it; `""` until it is known. */
  readonly stageLabel: string;
  /** What was last said about the status; the reason once the job has failed. */
  readonly message: string;
  readonly narration: string | null;
  /** 1, and one more for each retry. */
  readonly attempt: number;
  /** Every stage that was entered, in order; a retry enters stages again. */
  readonly stages: readonly StageView[];
  /** How far the stage of now is; `null` when it has not said so. */
  readonly progress: ProgressView | null;
  /** The newest picture. */
  readonly picture: PictureView | null;
  /** The newest text of each section, in the order the sections appeared. */
  readonly documentation: readonly SectionView[];
  /** Where events are missing. */
  readonly gaps: readonly GapView[];
  /** As the last snapshot had it: title, metadata and what else events do not say. */
  readonly job: Job | null;
  readonly updatedAt: Date | null;
  /** Stage events up to this time repeat what the last snapshot has said. */
  readonly repeatedUntil: Date | null;
}

/** One stage that a job was or is in. */
export interface StageView {
  readonly stage: JobStatus;
  readonly stageLabel: string;
  readonly attempt: number;
  readonly startedAt: Date;
  /** `null` while the stage lasts, and when its end was lost in a gap. */
  readonly durationMs: number | null;
  /** `null` while it lasts, and for the end of the job. */
  readonly outcome: JobStage["outcome"];
  readonly message: string | null;
}

/** How far a stage is. */
export interface ProgressView {
  readonly stage: JobStatus;
  /** 0 to 100 */
  readonly percent: number;
  readonly message: string | null;
}

/** A picture of what a job has made. */
export interface PictureView {
  readonly url: string;
  readonly caption: string | null;
  readonly width: number | null;
  readonly height: number | null;
}

/** One section of a job's documentation. */
export interface SectionView {
  readonly section: string;
  readonly title: string;
  readonly markdown: string;
}

/** Events of a job that are missing: why, and when that was said. */
export interface GapView {
  readonly reason: StreamGapReason;
  readonly timestamp: Date;
}

/** A job before its first event. */
export function emptyJobView(jobId: string): JobView {
  return {
    jobId,
    status: null,
    stageLabel: "",
    message: "",
    narration: null,
    attempt: 1,
    stages: [],
    progress: null,
    picture: null,
    documentation: [],
    gaps: [],
    job: null,
    updatedAt: null,
    repeatedUntil: null,
  };
}

/** Starts from what a call has said, or brings a view up to date with it: `jobs.get`, `jobs.list`, a gap's snapshot. */
export function applyJob(view: JobView, job: Job): JobView {
  const { status, stageLabel, message, attempt, updatedAt } = job;
  const isSameStage = status === view.status && attempt === view.attempt;
  return {
    ...view,
    status,
    stageLabel,
    message,
    narration: isSameStage ? view.narration : null,
    progress: (isSameStage ? view.progress : null) ?? progressOf(job),
    attempt,
    job,
    updatedAt,
    stages: stagesOf(job),
    repeatedUntil: updatedAt,
  };
}

/** The view after one more event of `jobs.events`. Pure: the view given stays as it is. */
export function applyJobEvent(view: JobView, event: JobStreamEvent): JobView {
  if (event.type !== "stream.gap") {
    const applied = apply(view, event);
    return applied ? { ...applied, updatedAt: event.timestamp } : view;
  }
  const { reason, timestamp, snapshot } = event;
  return { ...applyJob(view, snapshot), gaps: [...view.gaps, { reason, timestamp }] };
}

/** The views of all jobs of `jobs.feed` after one more event, by job id. Pure. */
export function applyFeedEvent(
  views: ReadonlyMap<string, JobView>,
  event: JobFeedEvent,
): ReadonlyMap<string, JobView> {
  const changed = new Map(views);
  const viewOf = (jobId: string) => changed.get(jobId) ?? emptyJobView(jobId);
  if (event.type === "stream.removed") {
    changed.delete(event.jobId);
    return changed;
  }
  if (event.type !== "stream.gap") {
    const before = viewOf(event.jobId);
    const after = applyJobEvent(before, event);
    return after === before ? views : changed.set(event.jobId, after);
  }
  for (const job of event.snapshot) {
    changed.set(job.id, applyJobEvent(viewOf(job.id), { ...event, jobId: job.id, snapshot: job }));
  }
  return changed;
}

/** @returns `null` for a type that only a newer server knows. */
function apply(view: JobView, event: JobEvent): JobView | null {
  switch (event.type) {
    case "build.stage.started":
      return enterStage(view, event);
    case "build.stage.completed":
      return leaveStage(view, event);
    case "build.progress": {
      // Of a stage that the snapshot knows to be over.
      if (view.repeatedUntil && event.stage !== view.status) return view;
      const { stage, percent, message = null } = event;
      return { ...view, progress: { stage, percent, message } };
    }
    case "snapshot.updated": {
      const { url, caption = null, width = null, height = null } = event;
      return { ...view, picture: { url, caption, width, height } };
    }
    case "documentation.updated": {
      const { section, title, markdown } = event;
      return { ...view, documentation: withSection(view.documentation, { section, title, markdown }) };
    }
    default:
      return null;
  }
}

type StageStarted = Extract<JobEvent, { type: "build.stage.started" }>;
type StageCompleted = Extract<JobEvent, { type: "build.stage.completed" }>;

function enterStage(view: JobView, event: StageStarted): JobView {
  const { stage, stageLabel, status, message, narration = null, timestamp } = event;
  const isLast = status === view.status && view.stages.at(-1)?.stage === stage;
  if (isRepeated(view, event) || (isLast && isTerminalJobStatus(status)))
    return isLast ? { ...view, narration } : view;
  const isRetry = stage === "scaffold" && view.status === "checks";
  const attempt = isRetry ? view.attempt + 1 : view.attempt;
  const entered = {
    stage,
    stageLabel,
    attempt,
    startedAt: timestamp,
    durationMs: null,
    outcome: null,
    message,
  };
  const stages = [...withEnd(view.stages, event.outcome), entered];
  return { ...view, status, stageLabel, message, narration, attempt, stages, progress: null };
}

function leaveStage(view: JobView, event: StageCompleted): JobView {
  if (isRepeated(view, event)) return view;
  const { stage, stageLabel, durationMs, timestamp } = event;
  const outcome = "completed";
  const last = view.stages.at(-1);
  if (last?.stage === stage && last.durationMs === null)
    return { ...view, stages: [...view.stages.slice(0, -1), { ...last, durationMs, outcome }] };
  // Its beginning is missing.
  const startedAt = new Date(timestamp.getTime() - durationMs);
  const { attempt } = view;
  const stages = [
    ...view.stages,
    { stage, stageLabel, attempt, startedAt, durationMs, outcome, message: null },
  ] as const;
  return { ...view, stages };
}

function isRepeated(
  { repeatedUntil }: JobView,
  { timestamp, status }: StageStarted | StageCompleted,
): boolean {
  // The end of a job is nothing to be wrong about, whatever the clocks of two servers say.
  return repeatedUntil !== null && timestamp <= repeatedUntil && !isTerminalJobStatus(status);
}

/** The stage in which a job ended badly is the one that failed. */
function withEnd(stages: readonly StageView[], ended: JobOutcome | undefined): readonly StageView[] {
  const last = stages.at(-1);
  if (!last || ended === undefined || ended === "ready") return stages;
  return [...stages.slice(0, -1), { ...last, outcome: ended }];
}

/** What the stage of now has said last, also where that event is no longer kept. */
function progressOf({ stages, outcome }: Job): ProgressView | null {
  const last = stages.at(-1);
  if (outcome || last?.percent === undefined) return null;
  const { stage, percent, message = null } = last;
  return { stage, percent, message };
}

/** As the state of the job has them, and its end. */
function stagesOf({ stages, status, stageLabel, attempt, updatedAt, message }: Job): readonly StageView[] {
  const known = stages.map(({ stage, attempt: of, startedAt, durationMs, outcome }) => ({
    stage,
    stageLabel: jobStageLabels[stage],
    attempt: of,
    startedAt,
    durationMs,
    outcome,
    message: null,
  }));
  if (!isTerminalJobStatus(status)) return known;
  const end = {
    stage: status,
    stageLabel,
    attempt,
    startedAt: updatedAt,
    durationMs: null,
    outcome: null,
    message,
  };
  return [...known, end];
}

function withSection(sections: readonly SectionView[], section: SectionView): readonly SectionView[] {
  const index = sections.findIndex((known) => known.section === section.section);
  return index === -1
    ? [...sections, section]
    : sections.map((known, position) => (position === index ? section : known));
}
