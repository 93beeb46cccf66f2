import type { ReactNode } from "react";
import type { Job } from "@jobwire/shared";
import { Link } from "wouter";
import { Clock } from "../../time/clock.js";
import { formatDuration, formatElapsed } from "../../time/format-time.js";
import type { Span } from "../course/span.js";
import type { StageRow } from "../course/stage-rows.js";

export interface JobFactsProps {
  readonly job: Job;
  readonly rows: readonly StageRow[];
  readonly span: Span;
}

/** Each has its place from the start, also while there is nothing to say. */
export function JobFacts({ job, rows, span }: JobFactsProps) {
  const { ownerId, pipeline, project, attempt, workerId, createdAt, metadata, rerunOf, rerunAs } = job;
  const { queuedMs, ranMs, isQueued } = timesOf(rows, span);
  const format = job.outcome ? formatDuration : formatElapsed;
  return (
    <dl className="job-facts">
      <Fact name="Pipeline">{pipeline ?? none}</Fact>
      <Fact name="Project">{project ?? none}</Fact>
      <Fact name="Owner">{ownerId}</Fact>
      <Fact name="Worker">{workerId ?? none}</Fact>
      <Fact name="Attempt">{attempt}</Fact>
      <Fact name="Queued for">{(isQueued ? formatElapsed : formatDuration)(queuedMs)}</Fact>
      <Fact name={job.outcome ? "Ran for" : "Runs for"}>{ranMs === null ? none : format(ranMs)}</Fact>
      <Fact name="Created">
        <Clock time={createdAt} />
      </Fact>
      {Object.entries(metadata).map(([name, value]) => (
        <Fact key={name} name={name} isOwn>
          {value}
        </Fact>
      ))}
      {rerunOf !== null && (
        <Fact name="Repeats">
          <Link href={`/jobs/${rerunOf}`}>{shortId(rerunOf)}</Link>
        </Fact>
      )}
      {rerunAs !== null && (
        <Fact name="Repeated as">
          <Link href={`/jobs/${rerunAs}`}>{shortId(rerunAs)}</Link>
        </Fact>
      )}
    </dl>
  );
}

const none = <span className="soft">none</span>;

interface FactProps {
  readonly name: string;
  readonly children: ReactNode;
  /** Its name is somebody's own, and written as they wrote it. */
  readonly isOwn?: boolean;
}

function Fact({ name, children, isOwn = false }: FactProps) {
  return (
    <div>
      <dt className="label" data-own={isOwn} title={name}>
        <bdi>{name}</bdi>
      </dt>
      <dd className="number" dir="auto" title={typeof children === "string" ? children : undefined}>
        {children}
      </dd>
    </div>
  );
}

function timesOf(rows: readonly StageRow[], { startMs, endMs }: Span) {
  const begun = rows.find(
    ({ stage, startedAt }) => startedAt && stage !== "queued" && stage !== "scheduled",
  )?.startedAt;
  return {
    queuedMs: Math.max(0, (begun?.getTime() ?? endMs) - startMs),
    ranMs: begun ? Math.max(0, endMs - begun.getTime()) : null,
    isQueued: !begun,
  };
}

function shortId(jobId: string): string {
  return jobId.slice(-8);
}
