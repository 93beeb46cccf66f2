import type { JobView } from "@jobwire/client";
import type { Job } from "@jobwire/shared";
import { Clock } from "../../time/clock.js";
import { formatDuration } from "../../time/format-time.js";
import { titleOf } from "../course/stage-rows.js";

export interface JobSaidProps {
  readonly view: JobView;
  readonly job: Job;
}

/** What is to say about the status, in one line that is there from the start: how far it is, what it waits for, why it failed. */
export function JobSaid({ view, job }: JobSaidProps) {
  const { status, stageLabel, progress, message } = view;
  const isRunning = job.outcome === null && status !== "queued" && status !== "scheduled";
  const percent = Math.round(progress?.percent ?? 0);
  return (
    <div className="job-said">
      <p className="small job-said-text" dir="auto" title={message}>
        {status === "scheduled" && job.runAt ? (
          <>
            Starts at <Clock time={job.runAt} />
          </>
        ) : (
          describe(view, job)
        )}
      </p>
      <div
        className="meter"
        data-idle={!isRunning}
        {...(isRunning && {
          role: "progressbar",
          "aria-label": titleOf(stageLabel),
          "aria-valuemin": 0,
          "aria-valuemax": 100,
          ...(progress && { "aria-valuenow": percent }),
        })}
      >
        <span style={{ transform: `scaleX(${percent / 100})` }} />
      </div>
    </div>
  );
}

function describe({ status, stageLabel, progress, message, updatedAt }: JobView, job: Job): string {
  if (status === "ready" && updatedAt)
    return `In ${formatDuration(updatedAt.getTime() - job.createdAt.getTime())}`;
  if (status === "queued") return describeWaiting(job);
  if (status === "failed") return firstLineOf(message);
  if (progress)
    return [`${Math.round(progress.percent)} %`, firstLineOf(progress.message ?? "")]
      .filter(Boolean)
      .join(" · ");
  return message === stageLabel ? "" : firstLineOf(message);
}

function describeWaiting({ pipeline, waitingFor, queuePosition }: Job): string {
  if (pipeline === null) return "Waits for whoever drives it";
  if (waitingFor === "worker") return `No worker offers the pipeline “${pipeline}” now: start one`;
  if (queuePosition === null || queuePosition === 0) return "The next free worker takes it";
  return `${queuePosition} ${queuePosition === 1 ? "job is" : "jobs are"} before it`;
}

function firstLineOf(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
