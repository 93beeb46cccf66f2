import { useEffect, useMemo, useState } from "react";
import { applyJob, applyJobEvent, emptyJobView, type JobView } from "@jobwire/client";
import type { Tracked } from "@jobwire/client/react";
import { jobStageLabels, type Job, type JobStreamEvent } from "@jobwire/shared";
import type { Span } from "./course/span.js";

/** The job as its page shows it: as it is, or as it was at a moment. */
export interface ShownJob {
  readonly view: JobView;
  readonly job: Job;
  readonly events: readonly Tracked<JobStreamEvent>[];
}

/** The job at this moment; `null` is now. Its stages come from its state: they are whole however much of the log is gone. */
export function useReplay(now: ShownJob, moment: Date | null): ShownJob {
  const count = moment ? countUntil(now.events, moment) : 0;
  const job = useMemo(() => moment && jobAt(now.job, moment), [now.job, moment]);
  return useMemo(() => {
    if (!job) return now;
    const events = now.events.slice(0, count);
    const told = events.reduce((view, { data }) => applyJobEvent(view, data), emptyJobView(job.id));
    const isSame = told.status === job.status;
    const at = isSame ? { ...job, message: told.message } : job;
    return { view: applyJob(told, at), job: at, events };
  }, [now, job, count]);
}

/** As it was at a moment, as far as its state tells. */
function jobAt(job: Job, moment: Date): Job {
  if (job.outcome && job.updatedAt <= moment) return job;
  const stages = job.stages
    .filter(({ startedAt }, index) => index === 0 || startedAt <= moment)
    .map((stage) => {
      if (stage.endedAt && stage.endedAt <= moment) return stage;
      const { stage: name, attempt, startedAt } = stage;
      return { stage: name, attempt, startedAt, endedAt: null, durationMs: null, outcome: null };
    });
  const last = stages.at(-1);
  if (!last) return job;
  const { stage: status, attempt, startedAt: updatedAt } = last;
  const stageLabel = jobStageLabels[status];
  return {
    ...job,
    status,
    attempt,
    updatedAt,
    stages,
    stageLabel,
    message: stageLabel,
    outcome: null,
    waitingFor: null,
    queuePosition: null,
  };
}

/** How many happened by then; they are in order. */
export function countUntil(events: readonly Tracked<JobStreamEvent>[], moment: Date): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const event = events[middle];
    if (event && event.data.timestamp <= moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The whole job is played in about this time, however long it took. */
const playedInMs = 9000;
const frameMs = 33;

export interface Playback {
  readonly moment: Date | null;
  readonly isPlaying: boolean;
  /** `null`: back to now. */
  readonly move: (moment: Date | null) => void;
  readonly toggle: () => void;
}

/** Where the playhead is, and whether it runs. */
export function usePlayback({ startMs, endMs }: Span): Playback {
  const [moment, setMoment] = useState<Date | null>(null);
  const [isPlaying, setIsPlaying] = useState(false);

  useEffect(() => {
    if (!isPlaying) return undefined;
    let before = performance.now();
    const timer = setInterval(() => {
      const passed = performance.now() - before;
      before += passed;
      setMoment((at) => {
        const nextMs = (at?.getTime() ?? startMs) + (passed * (endMs - startMs)) / playedInMs;
        return nextMs < endMs ? new Date(nextMs) : null;
      });
    }, frameMs);
    return () => clearInterval(timer);
  }, [isPlaying, startMs, endMs]);

  useEffect(() => {
    if (moment === null) setIsPlaying(false);
  }, [moment]);

  return {
    moment,
    isPlaying,
    move(to) {
      setIsPlaying(false);
      setMoment(to && to.getTime() < endMs ? to : null);
    },
    toggle() {
      if (!isPlaying && moment === null) setMoment(new Date(startMs));
      setIsPlaying(!isPlaying);
    },
  };
}
