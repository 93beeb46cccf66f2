import { useCallback } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { usePolled } from "../shell/use-polled.js";
import { Clock } from "../time/clock.js";
import { FleetTable } from "./fleet-table.js";

const columns = ["User", "Since", "Server process"];

const intervalMs = 5000;

export function ConnectedSessions() {
  const trpc = useJobwireTrpc();
  const load = useCallback((signal: AbortSignal) => trpc.sessions.list.query(undefined, { signal }), [trpc]);
  const sessions = usePolled(load, intervalMs);
  return (
    <FleetTable
      id="sessions"
      title="Sessions"
      columns={columns}
      items={sessions}
      none="Nobody has the page open."
    >
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
    </FleetTable>
  );
}
