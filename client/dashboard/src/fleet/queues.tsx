import { Link } from "wouter";
import { usePipelines } from "../jobs/use-pipelines.js";
import { formatElapsed } from "../time/format-time.js";
import { useNow } from "../time/use-now.js";
import { FleetTable } from "./fleet-table.js";

const columns = ["Pipeline", "Workers", "Waiting", "Oldest waits"];

/** What waits for whom. */
export function Queues() {
  const pipelines = usePipelines();
  const now = useNow(1000);
  return (
    <FleetTable
      id="queues"
      title="Queues"
      columns={columns}
      items={pipelines}
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
    </FleetTable>
  );
}
