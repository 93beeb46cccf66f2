import type { KeyboardEvent } from "react";
import type { Tracked } from "@jobwire/client/react";
import type { JobStreamEvent } from "@jobwire/shared";
import { formatDuration, formatExactClock } from "../../time/format-time.js";
import { countUntil, type Playback } from "../replay.js";
import { shareOf, type Span } from "./span.js";
import type { StageRow } from "./stage-rows.js";

export interface PlayheadProps {
  readonly span: Span;
  readonly events: readonly Tracked<JobStreamEvent>[];
  readonly rows: readonly StageRow[];
  readonly playback: Playback;
}

/** Takes the whole page to a moment: by pointer anywhere on the plot; arrows go from event to event, pages from stage to stage. */
export function Playhead({ span, events, rows, playback: { moment, move } }: PlayheadProps) {
  const { startMs, endMs } = span;
  const share = moment ? shareOf(moment, span) : 1;
  const step = (event: KeyboardEvent) => {
    const direction = directions[event.key];
    if (!direction) return;
    const timesMs = direction.by === "event" ? timesOfEvents(events) : timesOfStages(rows);
    const atMs = moment?.getTime() ?? endMs;
    const to =
      direction.sign > 0 ? timesMs.find((time) => time > atMs) : timesMs.findLast((time) => time < atMs);
    event.preventDefault();
    if (to !== undefined) move(new Date(to));
    else if (direction.sign > 0) move(null);
    else move(new Date(startMs));
  };
  return (
    <>
      <span className="waterfall-veil" style={{ left: `${100 * share}%` }} />
      <input
        type="range"
        className="playhead-input"
        min={0}
        max={endMs - startMs}
        step={1}
        value={moment ? moment.getTime() - startMs : endMs - startMs}
        aria-label="Replay: show the job as it was at this moment"
        aria-valuetext={moment ? describeMoment(moment, span, events) : "Now"}
        onKeyDown={step}
        onChange={({ target }) => move(new Date(startMs + target.valueAsNumber))}
      />
      <span className="playhead" style={{ left: `${100 * share}%` }} aria-hidden="true">
        <span className="playhead-flag number" data-side={share > 0.5 ? "left" : "right"}>
          {moment ? `+${formatDuration(moment.getTime() - startMs)}` : ""}
        </span>
      </span>
    </>
  );
}

function describeMoment(moment: Date, { startMs }: Span, events: readonly Tracked<JobStreamEvent>[]): string {
  const after = formatDuration(moment.getTime() - startMs);
  const count = countUntil(events, moment);
  return `${formatExactClock(moment)}, ${after} after it was queued, event ${count} of ${events.length}`;
}

const directions: Readonly<
  Record<string, { readonly by: "event" | "stage"; readonly sign: 1 | -1 } | undefined>
> = {
  ArrowRight: { by: "event", sign: 1 },
  ArrowUp: { by: "event", sign: 1 },
  ArrowLeft: { by: "event", sign: -1 },
  ArrowDown: { by: "event", sign: -1 },
  PageUp: { by: "stage", sign: 1 },
  PageDown: { by: "stage", sign: -1 },
};

function timesOfEvents(events: readonly Tracked<JobStreamEvent>[]): readonly number[] {
  return events.map(({ data }) => data.timestamp.getTime());
}

function timesOfStages(rows: readonly StageRow[]): readonly number[] {
  return rows.flatMap(({ startedAt }) => (startedAt ? [startedAt.getTime()] : []));
}
