import { memo } from "react";
import type { JobView } from "@jobwire/client";
import { Link } from "wouter";
import { formatAge } from "../time/format-time.js";
import { nameOfJob } from "./name-of-job.js";
import { StationLine } from "./station-line.js";
import { StatusMark } from "./status-mark.js";

export const JobRow = memo(function JobRow({ job, now }: { readonly job: JobView; readonly now: Date }) {
  const { jobId, status, message, stageLabel, progress, updatedAt } = job;
  const activity = progress?.message ?? (message === stageLabel ? "" : message);
  return (
    <Link href={`/jobs/${jobId}`} className="job-row">
      <span className="job-name">
        <strong>{nameOfJob(job)}</strong>
        <span className="soft small">{describeWork(job)}</span>
      </span>
      <span className="job-state">
        <StatusMark status={status} label={stageLabel} />
        <span className="job-activity soft small">{firstLineOf(activity)}</span>
      </span>
      <StationLine status={status} percent={progress?.percent ?? null} />
      <span className="job-age soft small number">{updatedAt && formatAge(updatedAt, now)}</span>
    </Link>
  );
});

function describeWork({ job, attempt }: JobView): string {
  const work = job?.pipeline
    ? [job.pipeline, job.project].filter(Boolean).join(" / ")
    : "driven from outside";
  return attempt > 1 ? `${work}, attempt ${attempt}` : work;
}

function firstLineOf(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
