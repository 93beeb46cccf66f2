import { Clock } from "../../time/clock.js";
import { formatDuration, formatElapsed } from "../../time/format-time.js";
import type { Span } from "./span.js";
import type { StageRow, StageState } from "./stage-rows.js";

export interface StageListProps {
  readonly rows: readonly StageRow[];
  readonly span: Span;
  /** Shows what the stage's commands have written. */
  readonly onSelect: (row: StageRow) => void;
}

/** Every stage that was entered, in order, and those that a good build has yet to pass. */
export function StageList({ rows, span, onSelect }: StageListProps) {
  return (
    <section className="card job-card stage-list" aria-labelledby="stages">
      <h2 id="stages">Stages</h2>
      <ol className="timeline">
        {rows.map((row, index) => (
          <li key={row.key} data-state={row.state}>
            {row.attempt > (rows[index - 1]?.attempt ?? 1) && (
              <p className="label timeline-attempt">Attempt {row.attempt}</p>
            )}
            {row.startedAt ? (
              <EnteredStage row={row} startedAt={row.startedAt} span={span} onSelect={onSelect} />
            ) : (
              <p className="timeline-stage soft">{row.title}</p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

interface EnteredStageProps extends Pick<StageListProps, "span" | "onSelect"> {
  readonly row: StageRow;
  readonly startedAt: Date;
}

function EnteredStage({ row, startedAt, span, onSelect }: EnteredStageProps) {
  const { title, state, endedAt, remark } = row;
  const durationMs = (endedAt?.getTime() ?? span.endMs) - startedAt.getTime();
  return (
    <>
      <button
        type="button"
        className="timeline-stage"
        title={`Show the output of “${title}”`}
        onClick={() => onSelect(row)}
      >
        <strong>{title}</strong>
        {state !== "ready" && (
          <span className="small number soft">
            {endedAt ? formatDuration(durationMs) : formatElapsed(Math.max(0, durationMs))}
          </span>
        )}
      </button>
      <p className="small soft">
        <Clock time={startedAt} />
        {words[state] !== undefined && <span className="timeline-outcome"> · {words[state]}</span>}
      </p>
      {remark !== null && (
        <p className="small timeline-remark" dir="auto">
          {remark}
        </p>
      )}
    </>
  );
}

const words: Readonly<Partial<Record<StageState, string>>> = { failed: "failed", cancelled: "cancelled" };
