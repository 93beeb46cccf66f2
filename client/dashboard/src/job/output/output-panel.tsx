import { useDeferredValue, useEffect, useRef, useState } from "react";
import type { StageRow } from "../course/stage-rows.js";
import { OutputLine } from "./output-line.js";
import { searchOutput, type OutputMatches } from "./output-search.js";
import { OutputToolbar } from "./output-toolbar.js";
import type { JobOutput } from "./use-job-output.js";
import { setLineTarget, useLineTarget } from "./use-line-target.js";
import { useRowWindow } from "./use-row-window.js";

export interface OutputPanelProps {
  readonly jobId: string;
  readonly output: JobOutput;
  /** What was written by then; `null` is all. */
  readonly moment: Date | null;
  /** The line on which it failed. */
  readonly failingLine: number | null;
  /** The stage whose output was asked for. */
  readonly stage: StageRow | null;
  readonly isLive: boolean;
}

const rowHeight = 20;
/** So many stand before the line that was gone to. */
const linesBefore = 4;

/** What the job's commands write, as a terminal would show it. */
export function OutputPanel({ jobId, output, moment, failingLine, stage, isLive }: OutputPanelProps) {
  const { text, state } = output;
  const viewport = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const count = moment ? text.countUntil(moment) : text.lineCount;
  const { first, end } = useRowWindow(viewport, rowHeight, count);
  const target = useLineTarget();
  const targetIndex = target === null ? null : text.indexOf(target);
  const [isFollowing, setIsFollowing] = useState(target === null);
  const follows = moment !== null || (isFollowing && isLive);

  const [query, setQuery] = useState("");
  const deferredQuery = useDeferredValue(query.toLowerCase());
  const matches = useMatches(output, deferredQuery);
  const [place, setPlace] = useState({ query: "", at: 0 });
  const matchAt = place.query === deferredQuery ? place.at : 0;
  const match = matches.indexes[matchAt] ?? null;

  const scrollTo = (index: number) => {
    const element = viewport.current;
    if (!element) return;
    const { scrollTop, clientHeight } = element;
    const top = index * rowHeight;
    const isVisible = top >= scrollTop && top + rowHeight <= scrollTop + clientHeight;
    if (!isVisible) element.scrollTop = Math.max(0, top - linesBefore * rowHeight);
  };
  // Once its line is there: a link, the failure, the stage that was chosen.
  const wanted = targetIndex ?? (target === null ? (stageStart(output, stage) ?? failingLine) : null);
  useEffect(() => {
    if (wanted === null || moment) return;
    setIsFollowing(false);
    scrollTo(wanted);
  }, [wanted, stage, moment]);
  useEffect(() => {
    const element = viewport.current;
    if (follows && element) element.scrollTop = element.scrollHeight;
  }, [follows, count]);
  useEffect(() => {
    if (match === null || deferredQuery === "") return;
    setIsFollowing(false);
    scrollTo(match);
  }, [match, deferredQuery]);

  const step = (by: number) => {
    const { length } = matches.indexes;
    if (length === 0) return;
    const next = (matchAt + by + length) % length;
    setPlace({ query: deferredQuery, at: next });
    const index = matches.indexes[next];
    if (index !== undefined) setLineTarget(text.numberOf(index));
  };
  return (
    <div className="output">
      <OutputToolbar
        jobId={jobId}
        query={query}
        onQuery={setQuery}
        matchCount={matches.indexes.length}
        matchAt={matchAt}
        onStep={step}
        isFollowing={follows}
        canFollow={isLive}
        onFollow={() => setIsFollowing(!follows)}
      />
      {text.missingLines > 0 && (
        <p className="notice output-notice">
          {text.missingLines.toLocaleString()} earlier lines are no longer kept.
        </p>
      )}
      <div
        ref={viewport}
        className="output-rows"
        tabIndex={0}
        role="group"
        aria-label="Output"
        onScroll={({ currentTarget }) => {
          const { scrollTop } = currentTarget;
          if (isAtEnd(currentTarget)) setIsFollowing(true);
          else if (scrollTop < lastTop.current) setIsFollowing(false);
          lastTop.current = scrollTop;
        }}
      >
        {count === 0 && <p className="soft small output-empty">{emptyWords(state, isLive, moment)}</p>}
        <div
          className="output-lines"
          style={{ height: count * rowHeight, minWidth: `calc(${text.longestLine}ch + 6rem)` }}
        >
          <div style={{ transform: `translateY(${first * rowHeight}px)` }}>
            {Array.from({ length: Math.max(0, end - first) }, (_, offset) => {
              const index = first + offset;
              return (
                <OutputLine
                  key={index}
                  text={text.line(index)}
                  styleBefore={text.styleBefore(index)}
                  number={text.numberOf(index)}
                  isError={text.partOf(index)?.stream === "stderr"}
                  isTarget={index === targetIndex || (deferredQuery !== "" && index === match)}
                  isFailing={index === failingLine}
                  query={deferredQuery}
                />
              );
            })}
          </div>
        </div>
      </div>
    </div>
  );
}

function useMatches({ text }: JobOutput, query: string): OutputMatches {
  const last = useRef<OutputMatches | null>(null);
  last.current = searchOutput(last.current, text, query);
  return last.current;
}

function stageStart({ text }: JobOutput, stage: StageRow | null): number | null {
  if (!stage) return null;
  const part = text.parts.find((held) => held.stage === stage.stage && held.attempt === stage.attempt);
  return part?.index ?? null;
}

function isAtEnd({ scrollTop, scrollHeight, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < rowHeight;
}

function emptyWords(state: JobOutput["state"], isLive: boolean, moment: Date | null): string {
  if (state === "failed") return "The output cannot be read now. Reload to try again.";
  if (state === "loading") return "";
  if (moment) return "Nothing had been written by then.";
  return isLive ? "Nothing was written yet." : "Nothing was written.";
}
