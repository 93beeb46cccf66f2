import { useState } from "react";
import { useJobFeed } from "@jobwire/client/react";
import { JobList } from "./job-list.js";
import { countByFilter, isInFilter, type JobFilter } from "./job-filter.js";
import { JobFilterSwitch } from "./job-filter-switch.js";
import { NewJobDialog } from "./new-job-dialog.js";

export function JobsPage() {
  const { jobs, loadMore } = useJobFeed();
  const [filter, setFilter] = useState<JobFilter>("all");
  const [isCreating, setIsCreating] = useState(false);
  const shown = jobs?.filter((job) => isInFilter(job, filter));
  return (
    <>
      <title>Jobs · Jobwire</title>
      <div className="page-head">
        <h1>Jobs</h1>
        <JobFilterSwitch
          filter={filter}
          counts={countByFilter(jobs ?? [])}
          isPartial={loadMore !== null}
          onChange={setFilter}
        />
        <button type="button" className="button button-main" onClick={() => setIsCreating(true)}>
          New job
        </button>
      </div>
      {isCreating && <NewJobDialog onClose={() => setIsCreating(false)} />}
      {shown && shown.length > 0 && <JobList jobs={shown} loadMore={loadMore} />}
      {shown?.length === 0 && (
        <div className="empty">
          <h2>{jobs?.length === 0 ? "No jobs yet" : "No jobs here"}</h2>
          <p>
            {jobs?.length === 0
              ? "Create one: the worker that runs beside the server builds a sample site in a few seconds, and you watch it stage by stage."
              : "No loaded job is in this state."}
          </p>
        </div>
      )}
    </>
  );
}
