import type { KeyboardEvent } from "react";
import type { Tracked } from "@jobwire/client/react";
import type { JobStreamEvent } from "@jobwire/shared";
import { CopyButton } from "../../shell/copy-button.js";
import { Clock } from "../../time/clock.js";
import { jsonOf, summaryOf } from "./log-text.js";

export interface EventLogRowProps {
  readonly event: Tracked<JobStreamEvent>;
  readonly isOpen: boolean;
  /** The one row that the tab key comes to. */
  readonly isCurrent: boolean;
  readonly onToggle: () => void;
  readonly onFocus: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

export function EventLogRow({ event, isOpen, isCurrent, onToggle, onFocus, onKeyDown }: EventLogRowProps) {
  const { id, data } = event;
  return (
    <>
      <button
        type="button"
        className="event-row"
        aria-expanded={isOpen}
        tabIndex={isCurrent ? 0 : -1}
        onClick={onToggle}
        onFocus={onFocus}
        onKeyDown={onKeyDown}
      >
        <Clock time={data.timestamp} isExact />
        <span className="event-type" data-type={data.type}>
          {data.type}
        </span>
        <span className="event-summary" dir="auto">
          {summaryOf(data)}
        </span>
        <span className="event-id soft">{id}</span>
      </button>
      {isOpen && (
        <div className="event-detail">
          <CopyButton text={() => jsonOf([event])} label="Copy JSON of this event">
            Copy JSON
          </CopyButton>
          <pre tabIndex={0}>{jsonOf([event])}</pre>
        </div>
      )}
    </>
  );
}
