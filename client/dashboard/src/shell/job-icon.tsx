import { useEffect } from "react";
import { useJob } from "@jobwire/client/react";
import { useRoute } from "wouter";
import { phaseOf, type JobPhase } from "../jobs/job-filter.js";
import failed from "../icons/failed.svg";
import plain from "../icon.svg";
import ready from "../icons/ready.svg";
import running from "../icons/running.svg";
import waiting from "../icons/waiting.svg";

const icons: Readonly<Record<JobPhase, string>> = { waiting, running, ready, failed };

/** The tab's icon says how the job is that one looks at. */
export function JobIcon() {
  const [isHere, params] = useRoute("/jobs/:jobId");
  return isHere ? <IconOfJob jobId={params.jobId} /> : null;
}

function IconOfJob({ jobId }: { readonly jobId: string }) {
  const { job } = useJob(jobId);
  const status = job?.status ?? null;
  useEffect(() => {
    setIcon(status === null ? plain : icons[phaseOf(status)]);
    return () => setIcon(plain);
  }, [status]);
  return null;
}

function setIcon(url: string): void {
  document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.setAttribute("href", url);
}
