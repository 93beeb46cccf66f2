import { useMemo, useRef, useState } from "react";
import type { Tracked } from "@jobwire/client/react";
import type { JobStreamEvent } from "@jobwire/shared";
import { useVirtualizer } from "@tanstack/react-virtual";
import { CopyButton } from "../shell/copy-button.js";
import { EventLogRow } from "./event-log-row.js";
import { jsonOf, matches } from "./log-text.js";

export interface EventLogProps {
  readonly events: readonly Tracked<JobStreamEvent>[];
  /** Older ones that the page has let go. */
  readonly droppedEvents: number;
}

const rowHeight = 30;

/** Everything the stream has brought, as it came. */
export function EventLog({ events, droppedEvents }: EventLogProps) {
  const [filter, setFilter] = useState("");
  const [selectedId, setSelectedId] = useState<string | null>(null);
  const viewport = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => events.filter((event) => matches(event, filter)), [events, filter]);
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const selected = shown.find(({ id }) => id === selectedId);
  return (
    <section className="card job-card event-log" aria-labelledby="events">
      <div className="card-head">
        <h2 id="events">
          Events <span className="number soft">{shown.length}</span>
        </h2>
        <input
          className="input"
          type="search"
          aria-label="Filter the events"
          placeholder="Filter by type or text"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <CopyButton text={jsonOf(shown)} label="Copy JSON of the events shown">
          Copy JSON
        </CopyButton>
      </div>
      {droppedEvents > 0 && (
        <p className="notice">{droppedEvents} older events are no longer held by this page.</p>
      )}
      <div ref={viewport} className="event-rows" tabIndex={0} role="group" aria-label="Events, oldest first">
        <ol style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const event = shown[index];
            return (
              event && (
                <li key={event.id} style={{ height: rowHeight, transform: `translateY(${start}px)` }}>
                  <EventLogRow
                    event={event}
                    isSelected={event.id === selectedId}
                    onSelect={() => setSelectedId(event.id === selectedId ? null : event.id)}
                  />
                </li>
              )
            );
          })}
        </ol>
      </div>
      {selected && (
        <div className="event-detail">
          <CopyButton text={jsonOf([selected])} label="Copy JSON of this event">
            Copy JSON
          </CopyButton>
          <pre tabIndex={0}>{jsonOf([selected])}</pre>
        </div>
      )}
    </section>
  );
}
