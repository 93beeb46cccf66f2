import { useState } from "react";
import type { Tracked } from "@jobwire/client/react";
import type { JobStreamEvent } from "@jobwire/shared";
import type { Playback } from "../replay.js";
import { EventMarks } from "./event-marks.js";
import { Playhead } from "./playhead.js";
import { PlaybackBar } from "./playback-bar.js";
import { formatTick, ticksOf, type Span } from "./span.js";
import { groupRows, type StageRow } from "./stage-rows.js";
import { AttemptBar, StageBar } from "./stage-bar.js";

export interface WaterfallProps {
  readonly rows: readonly StageRow[];
  readonly span: Span;
  /** All of them, also while the page shows an earlier moment. */
  readonly events: readonly Tracked<JobStreamEvent>[];
  readonly playback: Playback;
  readonly isOver: boolean;
}

const ticks = 6;

/** The stages over the time of the job, one row each, and the playhead that takes the page to any moment of it. */
export function Waterfall({ rows, span, events, playback, isOver }: WaterfallProps) {
  const [toggled, setToggled] = useState<ReadonlySet<number>>(new Set());
  const groups = groupRows(rows);
  const shown = ticksOf(span, ticks);
  const toggle = (attempt: number) => {
    const next = new Set(toggled);
    if (!next.delete(attempt)) next.add(attempt);
    setToggled(next);
  };
  return (
    <section className="card waterfall" aria-labelledby="timeline" data-replay={playback.moment !== null}>
      <h2 id="timeline" className="unseen">
        Timeline
      </h2>
      <PlaybackBar playback={playback} events={events} span={span} isOver={isOver} />
      <div className="waterfall-body">
        <div className="waterfall-axis" aria-hidden="true">
          {shown.map(({ share, afterMs }) => (
            <span key={afterMs} style={{ left: `${100 * share}%` }} data-edge={share > 0.92}>
              {formatTick(afterMs)}
            </span>
          ))}
          <EventMarks events={events} span={span} />
        </div>
        <div className="waterfall-plot" aria-hidden="true">
          {shown.map(({ share, afterMs }) => (
            <span key={afterMs} className="waterfall-line" style={{ left: `${100 * share}%` }} />
          ))}
        </div>
        <div className="waterfall-rows">
          {groups.map(({ attempt, rows: own }, index) => {
            // Of older attempts one row says enough.
            const isOpen = (index === groups.length - 1) !== toggled.has(attempt);
            return (
              <div key={attempt} className="waterfall-group">
                {groups.length > 1 && (
                  <AttemptBar
                    attempt={attempt}
                    rows={own}
                    span={span}
                    isOpen={isOpen}
                    onToggle={() => toggle(attempt)}
                  />
                )}
                {isOpen &&
                  own.map((row) => <StageBar key={row.key} row={row} span={span} moment={playback.moment} />)}
              </div>
            );
          })}
        </div>
        <div className="waterfall-plot">
          <Playhead span={span} events={events} rows={rows} playback={playback} />
        </div>
      </div>
    </section>
  );
}
