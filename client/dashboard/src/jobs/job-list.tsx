import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { JobView } from "@jobwire/client";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useNow } from "../time/use-now.js";
import { JobRow } from "./job-row.js";

export interface JobListProps {
  readonly jobs: readonly JobView[];
  readonly loadMore: (() => void) | null;
}

const rowHeight = 76;
/** So many rows from the end the next page is asked for. */
const loadAhead = 20;

/** Only the rows near the window are in the document, however many jobs there are. */
export function JobList({ jobs, loadMore }: JobListProps) {
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const virtualizer = useWindowVirtualizer({
    count: jobs.length,
    estimateSize: () => rowHeight,
    scrollMargin: top,
    overscan: 8,
    getItemKey: (index) => jobs[index]?.jobId ?? index,
  });
  const rows = virtualizer.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= jobs.length - loadAhead) loadMore?.();
  }, [last, jobs.length, loadMore]);
  const now = useNow(30_000);
  return (
    <ul ref={list} className="job-list card" style={{ height: virtualizer.getTotalSize() }}>
      {rows.map(({ index, key, start }) => {
        const job = jobs[index];
        return (
          job && (
            <li
              key={key}
              aria-setsize={jobs.length}
              aria-posinset={index + 1}
              style={{ height: rowHeight, transform: `translateY(${start - top}px)` }}
            >
              <JobRow job={job} now={now} />
            </li>
          )
        );
      })}
    </ul>
  );
}
