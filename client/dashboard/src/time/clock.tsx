import { useState } from "react";
import { formatClock, formatExactClock, formatMoment } from "./format-time.js";

export interface ClockProps {
  readonly time: Date;
  /** With milliseconds. */
  readonly isExact?: boolean;
  /** What stands there in place of the time of day: how long ago it was, say. */
  readonly children?: string;
  readonly className?: string;
}

/** A time, the same way on every page; date, zone and how long ago it was are in its tooltip. */
export function Clock({ time, isExact = false, children, className = "number" }: ClockProps) {
  const [now, setNow] = useState(() => new Date());
  return (
    <time
      className={className}
      dateTime={time.toISOString()}
      title={formatMoment(time, now)}
      onPointerEnter={() => setNow(new Date())}
    >
      {children ?? (isExact ? formatExactClock(time) : formatClock(time))}
    </time>
  );
}
