import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { JobView } from "@jobwire/client";
import { isTerminalJobStatus } from "@jobwire/shared";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useNow } from "../time/use-now.js";
import { JobRow } from "./job-row.js";
import type { JobSelection } from "./use-job-selection.js";
import type { JobActions } from "./use-job-actions.js";
import { useListKeys } from "./use-list-keys.js";
import { useRowHeight } from "./use-row-height.js";
import { useScrollMemory } from "./use-scroll-memory.js";

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
/** What stands before the first row that one sees. */
const headHeight = 120;

/** Only the rows near the window are in the document, however many jobs there are. */
export function JobList({ jobs, loadMore, total, hasOwner, selection, actions }: JobListProps) {
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  const rowHeight = useRowHeight();
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const virtualizer = useWindowVirtualizer({
    count: jobs.length,
    estimateSize: () => rowHeight,
    scrollMargin: top,
    scrollPaddingStart: headHeight,
    scrollPaddingEnd: rowHeight,
    overscan: 8,
    getItemKey: (index) => jobs[index]?.jobId ?? index,
  });
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  const rows = virtualizer.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= jobs.length - loadAhead) loadMore?.();
  }, [last, jobs.length, loadMore]);
  const height = virtualizer.getTotalSize();
  const isWhole = total !== null && jobs.length >= total;
  useScrollMemory({ height: top + height, isWhole, loadMore });
  const [currentId, setCurrentId] = useState<string | null>(null);
  useListKeys({
    jobs,
    currentId,
    onToggle: selection.toggle,
    onMove: (index) => {
      virtualizer.scrollToIndex(index);
      setCurrentId(jobs[index]?.jobId ?? null);
      // The row may have to come into the document first.
      requestAnimationFrame(() => focusRow(list.current, index));
    },
  });
  const isRunning = rows.some(({ index }) => isUnfinished(jobs[index]));
  const now = useNow(isRunning ? 1000 : 30_000);
  return (
    <ul ref={list} className="job-list card" data-selecting={selection.selected.size > 0} style={{ height }}>
      {rows.map(({ index, key, start }) => {
        const job = jobs[index];
        return (
          job && (
            <li
              key={key}
              data-index={index}
              aria-setsize={total ?? (loadMore ? -1 : jobs.length)}
              aria-posinset={index + 1}
              style={{ height: rowHeight, transform: `translateY(${start - top}px)` }}
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
          )
        );
      })}
    </ul>
  );
}

function isUnfinished(job: JobView | undefined): boolean {
  return job?.status !== undefined && job.status !== null && !isTerminalJobStatus(job.status);
}

function focusRow(list: HTMLElement | null, index: number): void {
  const link = list?.querySelector<HTMLElement>(`[data-index="${index}"] .job-link`);
  link?.focus({ preventScroll: true });
}
