import type { JobView } from "@jobwire/client";
import type { Job } from "@jobwire/shared";
import { Link } from "wouter";
import { nameOfJob } from "../../jobs/name-of-job.js";
import { StatusMark } from "../../jobs/status-mark.js";
import { CopyButton } from "../../shell/copy-button.js";
import type { Span } from "../course/span.js";
import type { StageRow } from "../course/stage-rows.js";
import { JobActions } from "./job-actions.js";
import { JobFacts } from "./job-facts.js";
import { JobSaid } from "./job-said.js";

export interface JobHeaderProps {
  readonly view: JobView;
  readonly job: Job;
  readonly rows: readonly StageRow[];
  readonly span: Span;
  /** The page shows an earlier moment. */
  readonly isReplay: boolean;
  /** It has ended, whatever moment is shown. */
  readonly isOver: boolean;
}

export function JobHeader({ view, job, rows, span, isReplay, isOver }: JobHeaderProps) {
  const name = nameOfJob(view);
  const label = job.outcome === "cancelled" ? "Cancelled" : view.stageLabel;
  return (
    <header className="job-header">
      <p className="small job-path">
        <Link href="/">All jobs</Link>
        <code className="soft">{job.id}</code>
        <CopyButton text={job.id} label="Copy the job's id" />
      </p>
      <div className="job-head">
        <h1 dir="auto" title={name}>
          {name}
        </h1>
        <JobActions jobId={job.id} isOver={isOver} />
      </div>
      <div className="job-state">
        <span role={isReplay ? undefined : "status"} className="job-status">
          <StatusMark status={view.status} label={label} />
        </span>
        <JobSaid view={view} job={job} />
      </div>
      <JobFacts job={job} rows={rows} span={span} />
    </header>
  );
}
