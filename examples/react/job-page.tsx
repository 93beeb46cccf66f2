/** A page that shows one job live. */
import type { JobwireClient } from "@jobwire/client";
import { JobwireProvider, useConnectionStatus, useJob } from "@jobwire/client/react";

export interface JobAppProps {
  readonly client: JobwireClient;
  readonly jobId: string;
}

export function JobApp({ client, jobId }: JobAppProps) {
  return (
    <JobwireProvider client={client}>
      <ConnectionNote />
      <JobPage jobId={jobId} />
    </JobwireProvider>
  );
}

/** Components that watch the same job share one stream. */
function JobPage({ jobId }: { readonly jobId: string }) {
  const { status, job, error } = useJob(jobId);
  if (status === "failed") return <p role="alert">{error.message}</p>;
  if (!job) return <p>Loading...</p>;
  return (
    <main>
      <h1>{job.job?.title ?? "Untitled"}</h1>
      <p role="status">{job.message}</p>
      <JobProgress jobId={jobId} />
      <ol>
        {job.stages.map(({ stage, stageLabel, durationMs }, index) => (
          <li key={index} data-stage={stage}>
            {stageLabel} {durationMs !== null && `${(durationMs / 1000).toFixed(1)} s`}
          </li>
        ))}
      </ol>
      {job.picture && <img src={job.picture.url} alt={job.picture.caption ?? ""} />}
    </main>
  );
}

/** Renders once for each number, whatever else happens. */
function JobProgress({ jobId }: { readonly jobId: string }) {
  const percent = useJob(jobId, { select: ({ job }) => job?.progress?.percent ?? null });
  return percent !== null && <progress max={100} value={percent} />;
}

/** Nothing is lost while the connection is away, but people want to know. */
function ConnectionNote() {
  const { state } = useConnectionStatus();
  return state === "reconnecting" ? <p role="note">Connecting again...</p> : null;
}
