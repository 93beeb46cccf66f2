import { memo } from "react";
import type { Tracked } from "@jobwire/client/react";
import type { JobStreamEvent } from "@jobwire/shared";
import { shareOf, type Span } from "./span.js";

export interface EventMarksProps {
  readonly events: readonly Tracked<JobStreamEvent>[];
  readonly span: Span;
}

/** More would be a bar. */
const places = 400;

/** Where on the axis something happened. */
export const EventMarks = memo(function EventMarks({ events, span }: EventMarksProps) {
  const marked = new Set(events.map(({ data }) => Math.round(places * shareOf(data.timestamp, span))));
  const path = [...marked].map((place) => `M${place} 0v1`).join("");
  return (
    <svg className="event-marks" viewBox={`0 0 ${places} 1`} preserveAspectRatio="none">
      <path d={path} />
    </svg>
  );
});
