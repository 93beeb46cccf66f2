import { useMemo } from "react";
import { isTerminalJobStatus } from "@jobwire/shared";
import type { StageRow } from "./course/stage-rows.js";
import { EventLog } from "./events/event-log.js";
import { JsonPanel } from "./json-panel.js";
import { findFailingLine } from "./output/failing-line.js";
import { OutputPanel } from "./output/output-panel.js";
import { useJobOutput } from "./output/use-job-output.js";
import type { ShownJob } from "./replay.js";
import { ResultPanel } from "./result/result-panel.js";
import { Tabs } from "./tabs.js";
import { jobTabs, openingTab, type JobTab } from "./use-chosen-tab.js";

export interface JobPanelsProps {
  readonly now: ShownJob;
  /** As it was at `moment`. */
  readonly shown: ShownJob;
  readonly moment: Date | null;
  readonly failedRow: StageRow | null;
  /** `null`: what one comes for. */
  readonly chosen: JobTab | null;
  /** The stage whose output was asked for. */
  readonly stage: StageRow | null;
  readonly onChoose: (tab: JobTab) => void;
}

/** What the job wrote, made and said. By itself: output that comes fast leaves the rest of the page alone. */
export function JobPanels(props: JobPanelsProps) {
  const { now, shown, moment, failedRow, chosen, stage, onChoose } = props;
  const { view, job } = now;
  const isOver = view.status !== null && isTerminalJobStatus(view.status);
  const output = useJobOutput(job.id, chosen === "output" || (chosen === null && view.status !== "ready"));
  const tab = chosen ?? openingTab(view, output);
  const failingLine = useMemo(
    () =>
      view.status === "failed" && output.state !== "loading"
        ? findFailingLine(output.text, failedRow, view.message)
        : null,
    [view.status, view.message, failedRow, output],
  );
  return (
    <Tabs label="About this job" tabs={jobTabs} selected={tab} onSelect={onChoose}>
      {tab === "output" && (
        <OutputPanel
          jobId={job.id}
          output={output}
          moment={moment}
          failingLine={failingLine}
          stage={stage}
          isLive={!isOver}
        />
      )}
      {tab === "result" && <ResultPanel view={shown.view} isOver={isOver} isReplay={moment !== null} />}
      {tab === "events" && <EventLog events={shown.events} isLive={!isOver || moment !== null} />}
      {tab === "json" && <JsonPanel job={shown.job} />}
    </Tabs>
  );
}
