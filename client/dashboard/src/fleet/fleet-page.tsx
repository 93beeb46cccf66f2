import type { Identity } from "../sign-in/identity.js";
import { AnnounceForm } from "./announce-form.js";
import { ConnectedSessions } from "./connected-sessions.js";
import { FleetCharts } from "./fleet-charts.js";
import { Queues } from "./queues.js";
import { Workers } from "./workers.js";

export function FleetPage({ identity }: { readonly identity: Identity }) {
  return (
    <div className="fleet-page">
      <title>Fleet · Jobwire</title>
      <div className="page-head">
        <h1>Fleet</h1>
        <p>Who works, what waits, and how the server is, over all its processes.</p>
      </div>
      {identity.role === "service" ? (
        <>
          <FleetCharts />
          <div className="fleet-columns">
            <Workers />
            <Queues />
            <ConnectedSessions />
            <AnnounceForm />
          </div>
        </>
      ) : (
        <p className="notice">This page is for services: sign in with a token that has the role “service”.</p>
      )}
    </div>
  );
}
