import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { JobsPage } from "../jobs/jobs-page.js";
import type { Identity } from "../sign-in/identity.js";

const JobPage = lazy(async () => ({ default: (await import("../job/job-page.js")).JobPage }));
const SpoolBoardPage = lazy(async () => ({
  default: (await import("../spools/spool-board-page.js")).SpoolBoardPage,
}));
const SessionPage = lazy(async () => ({ default: (await import("../session/session-page.js")).SessionPage }));
const OperationsPage = lazy(async () => ({
  default: (await import("../operations/operations-page.js")).OperationsPage,
}));

export function Pages({ identity }: { readonly identity: Identity }) {
  return (
    <Suspense fallback={null}>
      <Switch>
        <Route path="/">
          <JobsPage />
        </Route>
        <Route path="/jobs/:jobId">{({ jobId }) => <JobPage key={jobId} jobId={jobId} />}</Route>
        <Route path="/spools">
          <SpoolBoardPage identity={identity} />
        </Route>
        <Route path="/session">
          <SessionPage />
        </Route>
        <Route path="/operations">
          <OperationsPage identity={identity} />
        </Route>
        <Route>
          <div className="empty">
            <h1>There is no such page</h1>
          </div>
        </Route>
      </Switch>
    </Suspense>
  );
}
