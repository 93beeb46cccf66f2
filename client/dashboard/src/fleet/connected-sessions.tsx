import { useCallback } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { usePolled } from "../shell/use-polled.js";
import { Clock } from "../time/clock.js";
import { TableRows } from "./table-rows.js";

const intervalMs = 5000;

export function ConnectedSessions() {
  const trpc = useJobwireTrpc();
  const load = useCallback((signal: AbortSignal) => trpc.sessions.list.query(undefined, { signal }), [trpc]);
  const sessions = usePolled(load, intervalMs);
  return (
    <section className="card job-card" aria-labelledby="sessions">
      <h2 id="sessions">
        Sessions <span className="number soft">{sessions?.length}</span>
      </h2>
      <div className="fleet-scroll" tabIndex={0} role="group" aria-labelledby="sessions">
        <table className="fleet-table">
          <thead>
            <tr>
              <th scope="col">User</th>
              <th scope="col">Since</th>
              <th scope="col">Server process</th>
            </tr>
          </thead>
          <tbody>
            <TableRows items={sessions} columns={3} none="Nobody has the page open.">
              {({ requestId, userId, since, process }) => (
                <tr key={requestId}>
                  <td>
                    <bdi>{userId}</bdi>
                  </td>
                  <td>
                    <Clock time={since} />
                  </td>
                  <td>
                    <code>{process}</code>
                  </td>
                </tr>
              )}
            </TableRows>
          </tbody>
        </table>
      </div>
    </section>
  );
}
