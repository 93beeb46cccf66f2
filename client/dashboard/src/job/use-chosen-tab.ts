import { useSearchParams } from "wouter";
import type { JobView } from "@jobwire/client";
import type { JobOutput } from "./output/use-job-output.js";
import { useLineTarget } from "./output/use-line-target.js";

export const jobTabs = [
  { name: "output", label: "Output" },
  { name: "result", label: "Result" },
  { name: "events", label: "Events" },
  { name: "json", label: "JSON" },
] as const;

export type JobTab = (typeof jobTabs)[number]["name"];

/** The tab that the address names; without one it is what one comes for, by `openingTab`. */
export function useChosenTab(): readonly [JobTab | null, (tab: JobTab) => void] {
  const [parameters, setParameters] = useSearchParams();
  const target = useLineTarget();
  const named = jobTabs.find(({ name }) => name === parameters.get("tab"))?.name ?? null;
  const choose = (tab: JobTab) => setParameters({ tab }, { replace: true });
  return [target === null ? named : "output", choose];
}

/** What a running job writes, where a failed one failed, what a good one has made. */
export function openingTab({ status }: JobView, { text, state }: JobOutput): JobTab {
  if (status === "ready") return "result";
  return status === "failed" && state !== "loading" && text.lineCount === 0 ? "result" : "output";
}
