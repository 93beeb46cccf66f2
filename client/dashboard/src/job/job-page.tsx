import { useJob, type StreamError } from "@jobwire/client/react";
import { useState } from "react";
import { Link } from "wouter";
import { nameOfJob } from "../jobs/name-of-job.js";
import { StatusMark } from "../jobs/status-mark.js";
import { CopyButton } from "../shell/copy-button.js";
import { Documentation } from "./documentation.js";
import { EventLog } from "./event-log.js";
import { ExportButton } from "./export-button.js";
import { FailureOutput } from "./failure-output.js";
import { JobNotFound } from "./job-not-found.js";
import { LiveProgress } from "./live-progress.js";
import { ReplayScrubber } from "./replay-scrubber.js";
import { SnapshotPicture } from "./snapshot-picture.js";
import { StageTimeline } from "./stage-timeline.js";
import { useReplay } from "./use-replay.js";

export function JobPage({ jobId }: { readonly jobId: string }) {
  const { job, events, droppedEvents, connection } = useJob(jobId);
  const [position, setPosition] = useState<number | null>(null);
  const shown = useReplay(job, events, position);
  if (connection.state === "failed" && connection.error.data?.code === "NOT_FOUND") return <JobNotFound />;
  if (!shown) return connection.state === "failed" && <Refused error={connection.error} />;
  const isFinished = connection.state === "ended";
  return (
    <>
      <title>{`${nameOfJob(shown)} · Jobwire`}</title>
      <p className="small">
        <Link href="/">All jobs</Link>
      </p>
      <div className="page-head job-head">
        <div>
          <h1>{nameOfJob(shown)}</h1>
          <p className="label job-id">
            <span>{jobId}</span>
            <CopyButton text={jobId} label="Copy the job's id" />
          </p>
        </div>
        <span role={position === null ? "status" : undefined} className="job-status">
          <StatusMark status={shown.status} label={shown.stageLabel} />
        </span>
        {isFinished && <ExportButton jobId={jobId} />}
      </div>
      {isFinished && <ReplayScrubber events={events} position={position} onMove={setPosition} />}
      <div className="job-columns">
        <section className="card job-card" aria-labelledby="stages">
          <h2 id="stages">Stages</h2>
          <StageTimeline job={shown} events={events} isReplay={position !== null} />
        </section>
        <div className="job-results">
          <LiveProgress job={shown} />
          {shown.status === "failed" && <FailureOutput message={shown.message} />}
          {shown.picture && <SnapshotPicture picture={shown.picture} />}
          {shown.documentation.map((section) => (
            <Documentation key={section.section} section={section} />
          ))}
        </div>
      </div>
      <EventLog
        events={position === null ? events : events.slice(0, position)}
        droppedEvents={droppedEvents}
      />
    </>
  );
}

function Refused({ error }: { readonly error: StreamError }) {
  return (
    <p role="alert" className="notice notice-bad">
      {error.message}
    </p>
  );
}
