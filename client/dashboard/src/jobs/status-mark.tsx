import type { JobStatus } from "@jobwire/shared";
import { phaseOf } from "./job-filter.js";

/** The status in words, with a mark whose form tells it without colour. */
export function StatusMark({ status, label }: { readonly status: JobStatus | null; readonly label: string }) {
  return (
    <span className="status-mark" data-phase={status === null ? "waiting" : phaseOf(status)}>
      <svg viewBox="0 0 12 12" aria-hidden="true" focusable="false">
        {status !== null && marks[phaseOf(status)]}
      </svg>
      {label.replace(/\.\.\.$/, "")}
    </span>
  );
}

const marks = {
  waiting: (
    <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2 2" />
  ),
  running: <circle cx="6" cy="6" r="4" fill="currentColor" className="pulse" />,
  ready: <path d="M2 6.5 5 9.5 10 3" fill="none" stroke="currentColor" strokeWidth="2" />,
  failed: <path d="m2.5 2.5 7 7m0-7-7 7" fill="none" stroke="currentColor" strokeWidth="2" />,
};
