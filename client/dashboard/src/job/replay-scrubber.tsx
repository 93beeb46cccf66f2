import { useEffect, useState } from "react";
import type { Tracked } from "@jobwire/client/react";
import type { JobStreamEvent } from "@jobwire/shared";
import { formatExactClock } from "../time/format-time.js";

export interface ReplayScrubberProps {
  readonly events: readonly Tracked<JobStreamEvent>[];
  /** After how many events the page shows the job; `null`: at its end. */
  readonly position: number | null;
  readonly onMove: (position: number | null) => void;
}

/** The whole job is played in about this time, however long it took. */
const playedInMs = 8000;
const minStepMs = 40;

/** Goes back and forth in the history of a finished job. */
export function ReplayScrubber({ events, position, onMove }: ReplayScrubberProps) {
  const [isPlaying, setIsPlaying] = useState(false);
  const count = events.length;
  const at = position ?? count;
  const event = events[at - 1];

  useEffect(() => {
    if (!isPlaying) return undefined;
    const stepMs = Math.max(minStepMs, playedInMs / count);
    const timer = setTimeout(() => {
      onMove(at + 1 >= count ? null : at + 1);
      if (at + 1 >= count) setIsPlaying(false);
    }, stepMs);
    return () => clearTimeout(timer);
  }, [isPlaying, at, count, onMove]);

  const play = () => {
    if (!isPlaying && position === null) onMove(1);
    setIsPlaying(!isPlaying);
  };
  const text = event
    ? `${at} of ${count}, ${event.data.type}, ${formatExactClock(event.data.timestamp)}`
    : "";
  return (
    <div className="card replay" data-active={position !== null}>
      <button type="button" className="button button-small" onClick={play}>
        {isPlaying ? "Pause" : "Replay"}
      </button>
      <input
        type="range"
        min={1}
        max={count}
        value={at}
        aria-label="Replay: show the job after this event"
        aria-valuetext={text}
        onChange={({ target }) => {
          setIsPlaying(false);
          onMove(target.valueAsNumber === count ? null : target.valueAsNumber);
        }}
      />
      <span className="small number replay-text">
        {position === null ? `${count} events` : `Event ${at} of ${count}`}
        <span className="soft">{event && formatExactClock(event.data.timestamp)}</span>
      </span>
    </div>
  );
}
