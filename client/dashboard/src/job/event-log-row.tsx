import type { Tracked } from "@jobwire/client/react";
import type { JobStreamEvent } from "@jobwire/shared";
import { formatExactClock } from "../time/format-time.js";
import { summaryOf } from "./log-text.js";

export interface EventLogRowProps {
  readonly event: Tracked<JobStreamEvent>;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

export function EventLogRow({ event: { id, data }, isSelected, onSelect }: EventLogRowProps) {
  return (
    <button type="button" className="event-row" aria-expanded={isSelected} onClick={onSelect}>
      <span className="number">{formatExactClock(data.timestamp)}</span>
      <span className="event-type" data-type={data.type}>
        {data.type}
      </span>
      <span className="event-summary">{summaryOf(data)}</span>
      <span className="event-id soft">{id}</span>
    </button>
  );
}
