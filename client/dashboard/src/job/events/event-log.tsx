import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { Tracked } from "@jobwire/client/react";
import { parseCursor, type JobStreamEvent } from "@jobwire/shared";
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { CopyButton } from "../../shell/copy-button.js";
import { EventLogRow } from "./event-log-row.js";
import { jsonOf, matches } from "./log-text.js";
import { useRowHeight } from "./use-row-height.js";

export interface EventLogProps {
  readonly events: readonly Tracked<JobStreamEvent>[];
  /** The newest stands at the end, and is followed. */
  readonly isLive: boolean;
}

const detailHeight = 240;

/** Everything the stream has brought, as it came. */
export function EventLog({ events, isLive }: EventLogProps) {
  const [filter, setFilter] = useState("");
  const shown = useMemo(() => events.filter((event) => matches(event, filter)), [events, filter]);
  const missing = missingBefore(events);
  return (
    <div className="event-log">
      <div className="panel-bar">
        <input
          className="input"
          type="search"
          aria-label="Filter the events"
          placeholder="Filter by type or text"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <span role="status" className="small number soft">
          {filter.trim() === "" ? `${events.length} events` : `${shown.length} of ${events.length} events`}
        </span>
        <CopyButton text={() => jsonOf(shown)} label="Copy JSON of the events shown">
          Copy JSON
        </CopyButton>
      </div>
      {missing > 0 && (
        <p className="notice event-notice">
          {missing.toLocaleString()} earlier {missing === 1 ? "event is" : "events are"} no longer kept. The
          stages above are whole all the same.
        </p>
      )}
      {shown.length === 0 && events.length > 0 ? (
        <div className="event-nothing">
          <p className="soft small">
            Nothing matches <strong dir="auto">{filter.trim()}</strong>.
          </p>
          <button type="button" className="button button-small" onClick={() => setFilter("")}>
            Show all events
          </button>
        </div>
      ) : (
        <EventRows key={filter} shown={shown} isLive={isLive} />
      )}
    </div>
  );
}

interface EventRowsProps extends Pick<EventLogProps, "isLive"> {
  readonly shown: readonly Tracked<JobStreamEvent>[];
}

function EventRows({ shown, isLive }: EventRowsProps) {
  const viewport = useRef<HTMLDivElement>(null);
  const rowHeight = useRowHeight();
  const isAtEnd = useRef(isLive);
  const [openId, setOpenId] = useState<string | null>(null);
  const [current, setCurrent] = useState(0);
  const [wanted, setWanted] = useState<number | null>(null);
  const count = shown.length;
  const at = Math.min(current, Math.max(0, count - 1));
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => viewport.current,
    getItemKey: (index) => shown[index]?.id ?? index,
    estimateSize: (index) => (shown[index]?.id === openId ? rowHeight + detailHeight : rowHeight),
    overscan: 12,
    // The row that has the tab stop is there also when it is scrolled away.
    rangeExtractor: (range) =>
      [...new Set([at, ...defaultRangeExtractor(range)])].filter((index) => index < count).toSorted(byNumber),
  });
  useEffect(() => virtualizer.measure(), [virtualizer, openId, rowHeight]);
  useEffect(() => {
    const element = viewport.current;
    if (isAtEnd.current && element) element.scrollTop = element.scrollHeight;
  }, [count]);
  useEffect(() => {
    if (wanted === null) return;
    virtualizer.scrollToIndex(wanted);
    viewport.current?.querySelector<HTMLElement>(`[data-index="${wanted}"] .event-row`)?.focus();
    setWanted(null);
  }, [virtualizer, wanted]);

  const pressKey = (event: KeyboardEvent) => {
    const to = places[event.key]?.(at, count);
    if (to === undefined) return;
    event.preventDefault();
    setCurrent(to);
    setWanted(to);
  };
  return (
    <div
      ref={viewport}
      className="event-rows"
      role="group"
      aria-label="Events, oldest first"
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < rowHeight;
      }}
    >
      <ol style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start, size }) => {
          const event = shown[index];
          return (
            event && (
              <li
                key={event.id}
                data-index={index}
                style={{ height: size, transform: `translateY(${start}px)` }}
              >
                <EventLogRow
                  event={event}
                  isOpen={event.id === openId}
                  isCurrent={index === at}
                  onToggle={() => setOpenId(event.id === openId ? null : event.id)}
                  onFocus={() => setCurrent(index)}
                  onKeyDown={pressKey}
                />
              </li>
            )
          );
        })}
      </ol>
    </div>
  );
}

const pageRows = 10;

const places: Readonly<Record<string, ((at: number, count: number) => number) | undefined>> = {
  ArrowDown: (at, count) => Math.min(count - 1, at + 1),
  ArrowUp: (at) => Math.max(0, at - 1),
  PageDown: (at, count) => Math.min(count - 1, at + pageRows),
  PageUp: (at) => Math.max(0, at - pageRows),
  Home: () => 0,
  End: (_at, count) => count - 1,
};

/** Offsets count from 1: how many events of the job's log are gone, there or here. */
function missingBefore(events: readonly Tracked<JobStreamEvent>[]): number {
  const first = events[0];
  const cursor = first && parseCursor(first.id);
  return cursor ? cursor.offset - 1 : 0;
}

function byNumber(one: number, other: number): number {
  return one - other;
}
