import { useCallback } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import type { Job } from "@jobwire/shared";
import { Link } from "wouter";
import { statusesOf } from "../jobs/job-filter.js";
import { usePolled } from "../shell/use-polled.js";
import { formatAge } from "../time/format-time.js";
import { useNow } from "../time/use-now.js";
import { FleetTable } from "./fleet-table.js";

const columns = ["Worker", "Offers", "Does", "There since"];

const intervalMs = 3000;
/** Of the jobs that run, the newest are looked at. */
const shownJobs = 100;

/** Who works, and on what. */
export function Workers() {
  const trpc = useJobwireTrpc();
  const load = useCallback(
    async (signal: AbortSignal) => {
      const running = { all: true as const, status: [...statusesOf("running")], limit: shownJobs };
      const [workers, { items }] = await Promise.all([
        trpc.workers.list.query(undefined, { signal }),
        trpc.jobs.list.query(running, { signal }),
      ]);
      return { workers, jobs: items };
    },
    [trpc],
  );
  const known = usePolled(load, intervalMs);
  const now = useNow(30_000);
  return (
    <FleetTable
      id="workers"
      title="Workers"
      columns={columns}
      items={known?.workers ?? null}
      none="No worker has said that it is there."
    >
      {({ workerId, host, pipelines, projects, running, since }) => (
        <tr key={workerId}>
          <td>
            <code title={workerId}>{workerId}</code>
            <span className="soft small fleet-detail">{host}</span>
          </td>
          <td>
            {pipelines.join(", ")}
            <span className="soft small fleet-detail">{projects.join(", ")}</span>
          </td>
          <td>
            <Work jobs={known?.jobs.filter((job) => job.workerId === workerId) ?? []} running={running} />
          </td>
          <td className="soft" data-label="Since">
            {formatAge(since, now)}
          </td>
        </tr>
      )}
    </FleetTable>
  );
}

function Work({ jobs, running }: { readonly jobs: readonly Job[]; readonly running: number }) {
  if (jobs.length === 0)
    return <span className="soft">{running === 0 ? "Nothing just now" : `${running} jobs`}</span>;
  return (
    <ul>
      {jobs.map(({ id, title, project, stageLabel }) => (
        <li key={id}>
          <Link href={`/jobs/${id}`}>
            <bdi>{title ?? project ?? id.slice(-8)}</bdi>
          </Link>{" "}
          <span className="soft small">{stageLabel.replace(/\.\.\.$/, "")}</span>
        </li>
      ))}
    </ul>
  );
}
