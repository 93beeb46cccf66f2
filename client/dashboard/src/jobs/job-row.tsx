import { memo } from "react";
import type { JobView } from "@jobwire/client";
import { isTerminalJobStatus } from "@jobwire/shared";
import { Link } from "wouter";
import { Clock } from "../time/clock.js";
import { formatAge, formatDuration, formatElapsed } from "../time/format-time.js";
import type { JobActions } from "./use-job-actions.js";
import { activityOf, labelOf, runTimeOf, workOf } from "./job-text.js";
import { nameOfJob } from "./name-of-job.js";
import { StationLine } from "./station-line.js";
import { Mark, markPhaseOf } from "./status-mark.js";

export interface JobRowProps {
  readonly job: JobView;
  readonly now: Date;
  readonly hasOwner: boolean;
  readonly isSelected: boolean;
  /** The keyboard is at it: its buttons can be reached. */
  readonly isCurrent: boolean;
  readonly actions: JobActions;
  readonly onToggle: (jobId: string) => void;
  readonly onFocus: (jobId: string) => void;
}

export const JobRow = memo(function JobRow(props: JobRowProps) {
  const { job, now, hasOwner, isSelected, isCurrent, actions, onToggle, onFocus } = props;
  const { jobId, status } = job;
  const name = nameOfJob(job);
  const tabIndex = isCurrent ? 0 : -1;
  const phase = markPhaseOf(status, job.job?.outcome ?? null);
  const isOver = status !== null && isTerminalJobStatus(status);
  return (
    <div className="job-row" data-selected={isSelected} onFocus={() => onFocus(jobId)}>
      <input
        type="checkbox"
        className="job-check"
        tabIndex={tabIndex}
        aria-label={`Select ${name}`}
        checked={isSelected}
        onChange={() => onToggle(jobId)}
      />
      <Link href={`/jobs/${jobId}`} className="job-link">
        <span className="job-what">
          <strong className="job-name" dir="auto" title={name}>
            {name}
          </strong>{" "}
          <bdi className="job-work soft small">{workOf(job, hasOwner)}</bdi>
        </span>
        <Mark phase={phase} />
        <span className="job-now small">
          <span className="job-label" data-phase={phase}>
            {labelOf(job)}
          </span>{" "}
          <span className="job-activity soft" dir="auto" title={activityOf(job)}>
            {activityOf(job)}
          </span>
        </span>
        <StationLine job={job} now={now} />
        <RunTime job={job} now={now} />
        <span className="job-age soft small">
          {job.job && <Clock time={job.job.createdAt}>{formatAge(job.job.createdAt, now)}</Clock>}
        </span>
      </Link>
      <span className="row-actions">
        {!isOver && (
          <button
            type="button"
            className="button button-small"
            tabIndex={tabIndex}
            aria-label={`Cancel ${name}`}
            onClick={() => actions.ask("cancel", [jobId])}
          >
            Cancel
          </button>
        )}
        <button
          type="button"
          className="button button-small"
          tabIndex={tabIndex}
          aria-label={`Re-run ${name}`}
          onClick={() => void actions.rerun([jobId])}
        >
          Re-run
        </button>
      </span>
    </div>
  );
});

function RunTime({ job, now }: Pick<JobRowProps, "job" | "now">) {
  const ms = runTimeOf(job, now);
  const isOver = job.status !== null && isTerminalJobStatus(job.status);
  const isWaiting = job.status === "queued" || job.status === "scheduled";
  return (
    <span className={isOver ? "job-time small number soft" : "job-time small number"}>
      {isWaiting && <span className="unseen">waits </span>}
      {ms !== null && (isOver ? formatDuration(ms) : formatElapsed(ms))}
    </span>
  );
}
