import { Link } from "wouter";
import { usePipelines } from "../jobs/use-pipelines.js";
import { formatElapsed } from "../time/format-time.js";
import { useNow } from "../time/use-now.js";
import { TableRows } from "./table-rows.js";

/** What waits for whom. */
export function Queues() {
  const pipelines = usePipelines();
  const now = useNow(1000);
  return (
    <section className="card job-card" aria-labelledby="queues">
      <h2 id="queues">
        Queues <span className="number soft">{pipelines?.length}</span>
      </h2>
      <table className="fleet-table">
        <thead>
          <tr>
            <th scope="col">Pipeline</th>
            <th scope="col">Workers</th>
            <th scope="col">Waiting</th>
            <th scope="col">Oldest waits</th>
          </tr>
        </thead>
        <tbody>
          <TableRows
            items={pipelines}
            columns={4}
            none="No worker offers a pipeline, and no job waits for one."
          >
            {({ name, workers, waiting, waitingSince }) => (
              <tr key={name} data-alarm={workers === 0 && waiting > 0}>
                <td>
                  <Link href={`/?show=waiting&pipeline=${encodeURIComponent(name)}`}>{name}</Link>
                </td>
                <td className="number" data-label="Workers">
                  {workers === 0 ? "none" : workers}
                </td>
                <td className="number" data-label="Waiting">
                  {waiting}
                </td>
                <td className="number" data-label="Oldest waits">
                  {waitingSince && formatElapsed(Math.max(0, now.getTime() - waitingSince.getTime()))}
                </td>
              </tr>
            )}
          </TableRows>
        </tbody>
      </table>
    </section>
  );
}
