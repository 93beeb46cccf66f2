import { memo } from "react";
import type { JobView } from "@jobwire/client";
import type { JobStatus } from "@jobwire/shared";
import { Link } from "wouter";
import { Clock } from "../time/clock.js";
import { formatAge, formatDuration } from "../time/format-time.js";
import { nameOfJob } from "./name-of-job.js";
import { StationLine } from "./station-line.js";
import { StatusMark } from "./status-mark.js";

export const JobRow = memo(function JobRow({ job, now }: { readonly job: JobView; readonly now: Date }) {
  const { jobId, status, stageLabel, progress, updatedAt } = job;
  return (
    <Link href={`/jobs/${jobId}`} className="job-row">
      <strong className="job-name">{nameOfJob(job)}</strong>
      <span className="job-work soft small">{describeWork(job)}</span>
      <StatusMark status={status} label={stageLabel} />
      <span className="job-activity soft small">{describeActivity(job)}</span>
      <StationLine status={status} stage={stageOf(job)} percent={progress?.percent ?? null} />
      <span className="job-age soft small">
        {updatedAt && <Clock time={updatedAt}>{formatAge(updatedAt, now)}</Clock>}
      </span>
    </Link>
  );
});

function stageOf({ status, stages }: JobView): JobStatus | null {
  if (status !== "failed") return status;
  return stages.findLast(({ stage }) => stage !== "failed")?.stage ?? null;
}

function describeWork({ job, attempt }: JobView): string {
  const work = job?.pipeline
    ? [job.pipeline, job.project].filter(Boolean).join(" / ")
    : "driven from outside";
  return attempt > 1 ? `${work}, attempt ${attempt}` : work;
}

function describeActivity({ job, status, stageLabel, message, progress, updatedAt }: JobView): string {
  if (status === "ready" && job && updatedAt) {
    return `in ${formatDuration(updatedAt.getTime() - job.createdAt.getTime())}`;
  }
  if (status === "queued" && job?.pipeline) return "for the next free worker";
  const said = progress?.message ?? (message === stageLabel ? "" : message);
  return said.split("\n", 1)[0] ?? "";
}
