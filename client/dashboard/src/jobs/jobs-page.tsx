import { useState } from "react";
import { useJobFeed } from "@jobwire/client/react";
import type { Identity } from "../sign-in/identity.js";
import { messageOf } from "../shell/message-of.js";
import { countOf } from "./job-filter.js";
import { JobList } from "./job-list.js";
import { JobListSkeleton } from "./job-list-skeleton.js";
import { JobSelectionBar } from "./job-selection-bar.js";
import { JobToolbar } from "./job-toolbar.js";
import { KeyHelp } from "./key-help.js";
import { NewJobDialog } from "./new-job-dialog.js";
import { NoJobs } from "./no-jobs.js";
import { useJobActions } from "./use-job-actions.js";
import { useJobCounts } from "./use-job-counts.js";
import { useJobQuery } from "./use-job-query.js";
import { useJobSelection } from "./use-job-selection.js";

export function JobsPage({ identity }: { readonly identity: Identity }) {
  const { query, filters, ask } = useJobQuery(identity);
  const { jobs, loadMore, changes, connection } = useJobFeed({ filter: filters.shown });
  const known = useJobCounts(filters.counted, changes);
  const selection = useJobSelection(jobs);
  const actions = useJobActions();
  const [isCreating, setIsCreating] = useState(false);
  const total =
    query.show === "attention" ? known.attention : known.counts && countOf(known.counts, query.show);
  return (
    <div className="jobs-page">
      <title>Jobs · Jobwire</title>
      <div className="page-head">
        <h1>Jobs</h1>
        <span className="page-actions">
          <KeyHelp />
          <button type="button" className="button button-main" onClick={() => setIsCreating(true)}>
            New job
          </button>
        </span>
      </div>
      <JobToolbar identity={identity} query={query} known={known} onAsk={ask} />
      {isCreating && <NewJobDialog onClose={() => setIsCreating(false)} />}
      {connection.state === "failed" && jobs === null && (
        <p role="alert" className="notice notice-bad">
          {messageOf(connection.error)}
        </p>
      )}
      {jobs === null && connection.state !== "failed" && <JobListSkeleton />}
      {jobs && jobs.length > 0 && (
        <JobList
          key={JSON.stringify(query)}
          jobs={jobs}
          loadMore={loadMore}
          total={total}
          hasOwner={identity.role === "service"}
          selection={selection}
          actions={actions}
        />
      )}
      {jobs?.length === 0 && <NoJobs query={query} onAsk={ask} />}
      <JobSelectionBar jobs={jobs ?? []} selection={selection} actions={actions} />
    </div>
  );
}
