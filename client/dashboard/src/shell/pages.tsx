import { Suspense, useEffect } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { JobsPage } from "../jobs/jobs-page.js";
import type { Identity } from "../sign-in/identity.js";
import { lazyPage, loadPagesAhead } from "./lazy-page.js";
import { NothingHere } from "./nothing-here.js";
import { PageBoundary } from "./page-boundary.js";
import { PageSkeleton } from "./page-skeleton.js";

const JobPage = lazyPage(async () => (await import("../job/job-page.js")).JobPage);
const SpoolBoardPage = lazyPage(async () => (await import("../spools/spool-board-page.js")).SpoolBoardPage);
const SessionPage = lazyPage(async () => (await import("../session/session-page.js")).SessionPage);
const FleetPage = lazyPage(async () => (await import("../fleet/fleet-page.js")).FleetPage);

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
            <JobsPage identity={identity} />
          </Route>
          <Route path="/jobs/:jobId">{({ jobId }) => <JobPage key={jobId} jobId={jobId} />}</Route>
          <Route path="/spools">
            <SpoolBoardPage identity={identity} />
          </Route>
          <Route path="/session">
            <SessionPage />
          </Route>
          <Route path="/fleet">
            <FleetPage identity={identity} />
          </Route>
          <Route path="/operations">
            <Redirect to="/fleet" replace />
          </Route>
          <Route>
            <NothingHere />
          </Route>
        </Switch>
      </Suspense>
    </PageBoundary>
  );
}

const aheadAfterMs = 1500;
