import { useEffect, useRef, useState } from "react";
import type { JobView } from "@jobwire/client";
import { isTerminalJobStatus } from "@jobwire/shared";
import { useNow } from "../time/use-now.js";
import { JobRow } from "./job-row.js";
import type { JobSelection } from "./use-job-selection.js";
import type { JobActions } from "./use-job-actions.js";
import { useListKeys } from "./use-list-keys.js";
import { useRowHeight } from "./use-row-height.js";
import { useScrollMemory } from "./use-scroll-memory.js";
import { useWindowRows } from "./use-window-rows.js";

export interface JobListProps {
  readonly jobs: readonly JobView[];
  readonly loadMore: (() => void) | null;
  /** Also those that are not loaded; `null`: not known. */
  readonly total: number | null;
  readonly hasOwner: boolean;
  readonly selection: JobSelection;
  readonly actions: JobActions;
}

/** So many rows from the end the next page is asked for. */
const loadAhead = 20;

/** Only the rows near the window are in the document, however many jobs there are. */
export function JobList({ jobs, loadMore, total, hasOwner, selection, actions }: JobListProps) {
  const list = useRef<HTMLUListElement>(null);
  const rowHeight = useRowHeight();
  const rows = useWindowRows({ list, count: jobs.length, rowHeight });
  const isNearEnd = rows.end >= jobs.length - loadAhead;
  useEffect(() => {
    if (isNearEnd) loadMore?.();
  }, [isNearEnd, jobs.length, loadMore]);
  const height = jobs.length * rowHeight;
  const isWhole = total !== null && jobs.length >= total;
  useScrollMemory({ height: rows.top + height, isWhole, loadMore });
  const [currentId, setCurrentId] = useState<string | null>(null);
  useListKeys({
    jobs,
    currentId,
    onToggle: selection.toggle,
    onMove: (index) => {
      rows.scrollTo(index);
      setCurrentId(jobs[index]?.jobId ?? null);
      // The row may have to come into the document first.
      requestAnimationFrame(() => focusRow(list.current, index));
    },
  });
  const near = jobs.slice(rows.first, rows.end);
  const isRunning = near.some(isUnfinished);
  const now = useNow(isRunning ? 1000 : 30_000);
  return (
    <ul ref={list} className="job-list card" data-selecting={selection.selected.size > 0} style={{ height }}>
      {near.map((job, position) => {
        const index = rows.first + position;
        return (
          <li
            key={job.jobId}
            data-index={index}
            aria-setsize={total ?? (loadMore ? -1 : jobs.length)}
            aria-posinset={index + 1}
            style={{ height: rowHeight, transform: `translateY(${index * rowHeight}px)` }}
          >
            <JobRow
              job={job}
              now={now}
              hasOwner={hasOwner}
              isSelected={selection.selected.has(job.jobId)}
              isCurrent={job.jobId === currentId}
              actions={actions}
              onToggle={selection.toggle}
              onFocus={setCurrentId}
            />
          </li>
        );
      })}
    </ul>
  );
}

function isUnfinished({ status }: JobView): boolean {
  return status !== null && !isTerminalJobStatus(status);
}

function focusRow(list: HTMLElement | null, index: number): void {
  const link = list?.querySelector<HTMLElement>(`[data-index="${index}"] .job-link`);
  link?.focus({ preventScroll: true });
}
