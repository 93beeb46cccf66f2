import type { Tracked } from "@jobwire/client/react";
import type { JobStreamEvent } from "@jobwire/shared";
import { countUntil, type Playback } from "../replay.js";
import { Clock } from "../../time/clock.js";
import type { Span } from "./span.js";

export interface PlaybackBarProps {
  readonly playback: Playback;
  readonly events: readonly Tracked<JobStreamEvent>[];
  readonly span: Span;
  readonly isOver: boolean;
}

/** What the page shows, in words, and how to play it. Takes the same room whatever it says. */
export function PlaybackBar({ playback, events, isOver }: PlaybackBarProps) {
  const { moment, isPlaying, toggle, move } = playback;
  return (
    <div className="playback-bar">
      <button type="button" className="button button-small playback-toggle" onClick={toggle}>
        <svg viewBox="0 0 12 12" aria-hidden="true" focusable="false">
          <path d={isPlaying ? "M2 1h3v10H2zM7 1h3v10H7z" : "M2 1l9 5-9 5z"} />
        </svg>
        {isPlaying ? "Pause" : "Replay"}
      </button>
      <p className="small playback-text">
        {moment ? (
          <>
            As it was at <Clock time={moment} isExact />
            <span className="soft">
              {" · "}event {countUntil(events, moment)} of {events.length}
            </span>
          </>
        ) : (
          <span className="soft">
            {isOver ? "Drag over the stages to see the job as it was" : "Live. Drag to see it as it was"}
          </span>
        )}
      </p>
      <button
        type="button"
        className="button button-small playback-end"
        disabled={moment === null}
        onClick={() => move(null)}
      >
        {isOver ? "Back to the end" : "Back to now"}
      </button>
    </div>
  );
}
