import type { Identity } from "../sign-in/identity.js";
import { AnnounceForm } from "./announce-form.js";
import { ConnectedSessions } from "./connected-sessions.js";
import { Figure } from "./figure.js";
import { useMetrics } from "./use-metrics.js";

export function OperationsPage({ identity }: { readonly identity: Identity }) {
  return (
    <>
      <title>Operations · Jobwire</title>
      <div className="page-head">
        <h1>Operations</h1>
        <p>This server process, from its metrics, every two seconds.</p>
      </div>
      {identity.role === "service" ? (
        <Operations />
      ) : (
        <p className="notice">This page is for services: sign in with a token that has the role “service”.</p>
      )}
    </>
  );
}

function Operations() {
  const { samples, problem } = useMetrics();
  const newest = samples.at(-1);
  return (
    <>
      {problem !== null && <p className="notice notice-bad">{problem}</p>}
      <div className="figures">
        <Figure label="Open streams" unit="" values={samples.map(({ streams }) => streams)} />
        <Figure
          label="Events delivered"
          unit="per s"
          values={samples.map(({ eventsPerSecond }) => eventsPerSecond)}
        />
        <Figure label="Event loop lag, p99" unit="ms" values={samples.map(({ lagMs }) => lagMs)} />
        <div className="card figure">
          <h2 className="label">Store</h2>
          <p className="figure-value">{newest && storeText[newest.store]}</p>
          <p className="soft small">
            {newest && `${newest.slowClosed} slow and ${newest.refused} refused streams since the start`}
          </p>
        </div>
      </div>
      <div className="session-columns">
        <ConnectedSessions />
        <AnnounceForm />
      </div>
    </>
  );
}

const storeText = { memory: "In memory", "redis-up": "Redis is up", "redis-down": "Redis is away" } as const;
