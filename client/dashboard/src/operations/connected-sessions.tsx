import { useEffect, useState } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import type { ConnectedSession } from "@jobwire/shared";
import { Clock } from "../time/clock.js";

const intervalMs = 5000;

export function ConnectedSessions() {
  const sessions = useConnectedSessions();
  return (
    <section className="card job-card" aria-labelledby="sessions">
      <h2 id="sessions">
        Sessions <span className="number soft">{sessions?.length}</span>
      </h2>
      <table className="sessions-table">
        <thead>
          <tr>
            <th scope="col">User</th>
            <th scope="col">Since</th>
            <th scope="col">Server process</th>
          </tr>
        </thead>
        <tbody>
          {sessions?.map(({ requestId, userId, since, process }) => (
            <tr key={requestId}>
              <td>{userId}</td>
              <td>
                <Clock time={since} />
              </td>
              <td>
                <code>{process}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function useConnectedSessions(): readonly ConnectedSession[] | null {
  const trpc = useJobwireTrpc();
  const [sessions, setSessions] = useState<readonly ConnectedSession[] | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      // While the server is away the last answer stands; the indicator says that it is away.
      const answer = await trpc.sessions.list.query(undefined, { signal: leaving.signal }).catch(() => null);
      if (leaving.signal.aborted) return;
      if (answer) setSessions(answer);
      timer = setTimeout(() => void ask(), intervalMs);
    };
    void ask();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [trpc]);
  return sessions;
}
