import { useMemo, useState } from "react";
import { useJob, type StreamError, type WatchedJob } from "@jobwire/client/react";
import { isTerminalJobStatus, type Job } from "@jobwire/shared";
import { markOf, nameOfJob } from "../jobs/name-of-job.js";
import { messageOf } from "../shell/message-of.js";
import { useNow } from "../time/use-now.js";
import { spanOf } from "./course/span.js";
import { StageList } from "./course/stage-list.js";
import { failedRowOf, remarksOf, stageRowsOf, type StageRow } from "./course/stage-rows.js";
import { Waterfall } from "./course/waterfall.js";
import { JobHeader } from "./header/job-header.js";
import { useRemoved } from "./header/removed-jobs.js";
import { JobNotFound } from "./job-not-found.js";
import { JobPanels } from "./job-panels.js";
import { JobSkeleton } from "./job-skeleton.js";
import { setLineTarget } from "./output/use-line-target.js";
import { usePlayback, useReplay, type ShownJob } from "./replay.js";
import { useChosenTab, type JobTab } from "./use-chosen-tab.js";
import { outcomeOf, useJobRecord } from "./use-job-record.js";

export function JobPage({ jobId }: { readonly jobId: string }) {
  const watched = useJob(jobId);
  const { job: view, connection } = watched;
  const record = useJobRecord(jobId, view);
  const isRemoved = useRemoved(jobId);
  if (isRemoved) return <JobNotFound />;
  if (connection.state === "failed") {
    if (connection.error.data?.code === "NOT_FOUND") return <JobNotFound />;
    if (!view || !record) return <Refused error={connection.error} />;
  }
  return view && record ? <KnownJob watched={watched} view={view} record={record} /> : <JobSkeleton />;
}

interface KnownJobProps {
  readonly watched: WatchedJob;
  readonly view: NonNullable<WatchedJob["job"]>;
  readonly record: Job;
}

function KnownJob({ watched: { events }, view, record }: KnownJobProps) {
  const isOver = view.status !== null && isTerminalJobStatus(view.status);
  const clock = useNow(isOver ? null : 1000);
  const span = useMemo(() => spanOf(view, record, clock), [view, record, clock]);
  const playback = usePlayback(span);
  const { moment } = playback;
  const now = useMemo(
    () => ({ view, job: { ...record, outcome: outcomeOf(view) }, events }),
    [view, record, events],
  );
  const rowsNow = useMemo(() => rowsOf(now), [now]);
  const shown = useReplay(now, moment);
  const rows = useMemo(() => rowsOf(shown), [shown]);
  const spanShown = moment ? { ...span, endMs: moment.getTime() } : span;

  const [chosen, choose] = useChosenTab();
  const [stage, setStage] = useState<StageRow | null>(null);
  const show = (tab: JobTab, row: StageRow | null) => {
    setLineTarget(null);
    setStage(row);
    choose(tab);
  };
  return (
    <div className="job-page">
      <title>{`${markOf(view)}${nameOfJob(view)} · Jobwire`}</title>
      <JobHeader
        view={shown.view}
        job={shown.job}
        rows={rows}
        span={spanShown}
        isReplay={moment !== null}
        isOver={isOver}
      />
      <Waterfall rows={rowsNow} span={span} events={events} playback={playback} isOver={isOver} />
      <div className="job-columns">
        <StageList rows={rows} span={spanShown} onSelect={(row) => show("output", row)} />
        <JobPanels
          now={now}
          shown={shown}
          moment={moment}
          failedRow={failedRowOf(rowsNow)}
          chosen={chosen}
          stage={stage}
          onChoose={(tab) => show(tab, null)}
        />
      </div>
    </div>
  );
}

function rowsOf({ view, job, events }: ShownJob): readonly StageRow[] {
  return stageRowsOf(view, remarksOf(job, events));
}

function Refused({ error }: { readonly error: StreamError }) {
  return (
    <p role="alert" className="notice notice-bad">
      {messageOf(error)}
    </p>
  );
}
