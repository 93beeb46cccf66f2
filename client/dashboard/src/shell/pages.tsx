import { Suspense, useEffect } from "react";
import { Route, Switch, useLocation } from "wouter";
import { JobsPage } from "../jobs/jobs-page.js";
import type { Identity } from "../sign-in/identity.js";
import { lazyPage, loadPagesAhead } from "./lazy-page.js";
import { PageBoundary } from "./page-boundary.js";
import { PageSkeleton } from "./page-skeleton.js";

const JobPage = lazyPage(async () => (await import("../job/job-page.js")).JobPage);
const SpoolBoardPage = lazyPage(async () => (await import("../spools/spool-board-page.js")).SpoolBoardPage);
const SessionPage = lazyPage(async () => (await import("../session/session-page.js")).SessionPage);
const OperationsPage = lazyPage(
  async () => (await import("../operations/operations-page.js")).OperationsPage,
);

export function Pages({ identity }: { readonly identity: Identity }) {
  const [path] = useLocation();
  useEffect(() => {
    // Not before what is on screen has come.
    const timer = setTimeout(() => void loadPagesAhead(), aheadAfterMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <PageBoundary path={path}>
      <Suspense fallback={<PageSkeleton />}>
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
    </PageBoundary>
  );
}

const aheadAfterMs = 1500;
