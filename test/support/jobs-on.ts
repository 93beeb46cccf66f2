import { openJobs, type Jobs } from "../../server/src/jobs/open-jobs.js";
import type { Store } from "../../server/src/store/store.js";
import { Jobwire } from "../../server/src/topics/index.js";

/** The jobs of a store, without a server. */
export function jobsOn(store: Store): Jobs & AsyncDisposable {
  const jobwire = new Jobwire(store, { retainMs: 60_000 });
  const jobs = openJobs({
    jobwire,
    retainFinishedMs: 60_000,
    maxOpenPerUser: 1000,
    maxOutputBytes: 1_000_000,
  });
  return { ...jobs, [Symbol.asyncDispose]: () => jobwire[Symbol.asyncDispose]() };
}
