import { useState } from "react";
import { useJob } from "@jobwire/client/react";
import { isTerminalJobStatus } from "@jobwire/shared";
import { useEndWatch } from "./end-watch.js";

/** For a job that goes on: the browser says when it has ended, also while nobody looks at the page. */
export function EndWatchSwitch({ jobId }: { readonly jobId: string }) {
  const { job } = useJob(jobId);
  const { watched, watch, forget } = useEndWatch();
  const [isRefused, setIsRefused] = useState(false);
  const status = job?.status ?? null;
  if (status === null || isTerminalJobStatus(status)) return null;
  const isWatched = watched.has(jobId);
  const change = async () => {
    if (isWatched) forget(jobId);
    else setIsRefused(!(await watch(jobId)));
  };
  return (
    <div className="end-watch">
      <label>
        <input type="checkbox" checked={isWatched} onChange={() => void change()} /> Tell me when this job
        ends
      </label>
      {isRefused && (
        <p role="alert" className="small">
          The browser does not let this page notify you. Allow it in the settings of this site.
        </p>
      )}
    </div>
  );
}
