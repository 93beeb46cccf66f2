import { emptyQuery, isPlain, type JobQuery } from "./job-query.js";

export interface NoJobsProps {
  readonly query: JobQuery;
  readonly onAsk: (changed: Partial<JobQuery>) => void;
}

/** Nothing to show, and why. */
export function NoJobs({ query, onAsk }: NoJobsProps) {
  if (query.show === "all" && isPlain(query)) {
    return (
      <div className="empty">
        <h2>No jobs yet</h2>
        <p>
          Create one: the worker that runs beside the server builds a sample site in a few seconds, and you
          watch it stage by stage.
        </p>
      </div>
    );
  }
  const isGood = query.show === "attention" && isPlain(query);
  return (
    <div className="empty">
      <h2>{isGood ? "Nothing needs attention" : "No job is like that"}</h2>
      <p>
        {isGood
          ? "No job has failed, and none waits for a worker that is not there."
          : "All jobs were looked at, not only those on this page."}
      </p>
      <button type="button" className="button" onClick={() => onAsk(emptyQuery)}>
        Show all jobs
      </button>
    </div>
  );
}
