import { formatDuration, formatElapsed } from "../../time/format-time.js";
import { shareOf, type Span } from "./span.js";
import type { StageRow } from "./stage-rows.js";

export interface StageBarProps {
  readonly row: StageRow;
  readonly span: Span;
  /** Where the playhead is. */
  readonly moment: Date | null;
}

/** For the eye: the list of stages says the same in words. */
export function StageBar({ row, span, moment }: StageBarProps) {
  const { title, state, stage, startedAt, endedAt } = row;
  return (
    <div
      className="waterfall-row"
      data-state={state}
      data-stage={stage}
      data-then={moment ? thenOf(row, moment) : undefined}
      aria-hidden="true"
    >
      <span className="waterfall-label">{title}</span>
      <span className="waterfall-track">
        {startedAt && <Bar from={startedAt} to={endedAt} span={span} />}
      </span>
      <span className="waterfall-time number">
        {startedAt && state !== "ready" && timeOf(startedAt, endedAt, span)}
      </span>
    </div>
  );
}

export interface AttemptBarProps {
  readonly attempt: number;
  readonly rows: readonly StageRow[];
  readonly span: Span;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** All stages of one attempt. */
export function AttemptBar({ attempt, rows, span, isOpen, onToggle }: AttemptBarProps) {
  const entered = rows.filter(({ startedAt }) => startedAt !== null);
  const from = entered[0]?.startedAt ?? null;
  const last = entered.at(-1);
  return (
    <div className="waterfall-row waterfall-attempt" data-outcome={last?.state}>
      <button type="button" className="waterfall-label" aria-expanded={isOpen} onClick={onToggle}>
        Attempt {attempt}
      </button>
      <span className="waterfall-track" aria-hidden="true">
        {!isOpen &&
          rows.map(
            ({ key, state, stage, startedAt, endedAt }) =>
              startedAt && (
                <span key={key} className="waterfall-segment" data-state={state} data-stage={stage}>
                  <Bar from={startedAt} to={endedAt} span={span} />
                </span>
              ),
          )}
      </span>
      <span className="waterfall-time number" aria-hidden="true">
        {from && last && timeOf(from, last.endedAt, span)}
      </span>
    </div>
  );
}

function Bar({ from, to, span }: { readonly from: Date; readonly to: Date | null; readonly span: Span }) {
  const start = shareOf(from, span);
  const end = to ? shareOf(to, span) : 1;
  return (
    <span
      className="waterfall-bar"
      style={{ left: `${100 * start}%`, width: `${100 * Math.max(0, end - start)}%` }}
    />
  );
}

function thenOf({ startedAt, endedAt }: StageRow, moment: Date): "past" | "now" | "future" {
  if (!startedAt || startedAt > moment) return "future";
  return endedAt && endedAt <= moment ? "past" : "now";
}

function timeOf(from: Date, to: Date | null, { endMs }: Span): string {
  return to
    ? formatDuration(to.getTime() - from.getTime())
    : formatElapsed(Math.max(0, endMs - from.getTime()));
}
