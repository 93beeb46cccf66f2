/** The frame of a job's page before anything is known of it: what comes takes these places. */
export function JobSkeleton() {
  return (
    <div role="status" aria-label="Loading the job" className="job-skeleton">
      <title>Job · Jobwire</title>
      <span className="skeleton skeleton-title" />
      <span className="skeleton skeleton-line" />
      <span className="skeleton job-skeleton-facts" />
      <span className="skeleton job-skeleton-waterfall" />
      <span className="skeleton job-skeleton-panel" />
    </div>
  );
}
