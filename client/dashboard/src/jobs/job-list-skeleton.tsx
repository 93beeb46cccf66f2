const rows = ["62%", "48%", "70%", "55%", "40%", "66%", "52%", "58%"];

/** The list while it is asked for. */
export function JobListSkeleton() {
  return (
    <div className="job-list-skeleton card" role="status" aria-label="Loading the jobs">
      {rows.map((width) => (
        <span key={width} className="skeleton-row">
          <span className="skeleton skeleton-dot" />
          <span className="skeleton skeleton-line" style={{ width }} />
          <span className="skeleton skeleton-line" />
        </span>
      ))}
    </div>
  );
}
