import type { JobOutcome, JobStatus } from "@jobwire/shared";
import { phaseOf, type JobPhase } from "./job-filter.js";

export type MarkPhase = JobPhase | "cancelled";

/** The status in words, with a mark whose form tells it without colour. */
export function StatusMark({ status, label }: { readonly status: JobStatus | null; readonly label: string }) {
  return (
    <span className="status-mark" data-phase={status === null ? "waiting" : phaseOf(status)}>
      <Mark phase={status === null ? null : phaseOf(status)} />
      {label.replace(/\.\.\.$/, "")}
    </span>
  );
}

/** For the eye: what it says stands beside it in words. */
export function Mark({ phase }: { readonly phase: MarkPhase | null }) {
  return (
    <svg className="mark" viewBox="0 0 12 12" aria-hidden="true" focusable="false" data-phase={phase}>
      {phase !== null && marks[phase]}
    </svg>
  );
}

/** How it looks from afar: a job that somebody cancelled has not failed by itself. */
export function markPhaseOf(status: JobStatus | null, outcome: JobOutcome | null): MarkPhase | null {
  if (status === null) return null;
  return outcome === "cancelled" ? "cancelled" : phaseOf(status);
}

const marks = {
  waiting: (
    <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2 2" />
  ),
  running: <circle cx="6" cy="6" r="4" fill="currentColor" className="pulse" />,
  ready: <path d="M2 6.5 5 9.5 10 3" fill="none" stroke="currentColor" strokeWidth="2" />,
  failed: <path d="m2.5 2.5 7 7m0-7-7 7" fill="none" stroke="currentColor" strokeWidth="2" />,
  cancelled: (
    <path
      d="M6 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM3.2 8.8l5.6-5.6"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
    />
  ),
};
