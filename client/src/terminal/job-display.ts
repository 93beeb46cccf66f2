import { isTerminalJobStatus, type Job, type JobStreamEvent } from "@jobwire/shared";
import cliProgress, { type SingleBar } from "cli-progress";
import { applyJob, applyJobEvent, emptyJobView, type ProgressView } from "../job-view.js";
import { eventLine } from "./event-line.js";
import { stageLine, type StageState } from "./stage-line.js";

/** Shows a job's events as they come. Dispose it before anything else is written. */
export interface JobDisplay extends Disposable {
  /** Shows one more event. */
  show(event: JobStreamEvent): void;
  /** Writes a line for people, above what is drawn. */
  readonly notice: (line: string) => void;
}

/**
 * A live line with a bar for each stage on a terminal; elsewhere a line for each event.
 * @param job As it is: its stages are shown also where their events are no longer kept.
 */
export function createJobDisplay(stream: NodeJS.WriteStream, job: Job | null = null): JobDisplay {
  return stream.isTTY && process.env["TERM"] !== "dumb"
    ? createLiveDisplay(stream, job)
    : createPlainDisplay(stream);
}

function createLiveDisplay(stream: NodeJS.WriteStream, job: Job | null): JobDisplay {
  let view = job ? applyJob(emptyJobView(job.id), job) : emptyJobView("");
  /** What each stage said last of its progress; the view knows it of the stage of now. */
  const progress: (ProgressView | null)[] = [];
  const lines: SingleBar[] = [];
  const stages = () => view.stages.filter(({ stage }) => !isTerminalJobStatus(stage));
  const stateOf = (index: number): StageState => {
    const isLast = index === stages().length - 1;
    if (isLast && view.status === "failed") return "failed";
    return isLast && stages()[index]?.durationMs === null ? "running" : "completed";
  };
  const lineOf = (index: number): string => {
    const stage = stages()[index];
    return stage ? stageLine(stage, stateOf(index), progress[index] ?? null, stream.columns) : "";
  };
  const bars = new cliProgress.MultiBar({
    stream,
    hideCursor: true,
    // Whoever owns the process decides what Ctrl-C does.
    gracefulExit: false,
    emptyOnZero: true,
    // The library cuts the last rendering at the width of the terminal and counts colours as text.
    clearOnComplete: true,
    format: (_options, _params, { index }: { readonly index: number }) => lineOf(index),
  });
  const draw = () => {
    const { length } = stages();
    if (view.progress) progress[length - 1] = view.progress;
    while (lines.length < length) lines.push(bars.create(100, 0, { index: lines.length }));
  };
  for (const [index, { stage, percent, message = null }] of (job?.stages ?? []).entries())
    if (percent !== undefined) progress[index] = { stage, percent, message };
  draw();
  return {
    show(event) {
      view = applyJobEvent(view, event);
      draw();
    },
    notice(line) {
      bars.log(line);
      // Drawn at once: what waits for the next time may wait for nothing.
      bars.update();
    },
    [Symbol.dispose]: () => {
      if (lines.length === 0) return;
      bars.stop();
      for (const index of lines.keys()) stream.write(`${lineOf(index)}\n`);
    },
  };
}

function createPlainDisplay(stream: NodeJS.WriteStream): JobDisplay {
  return {
    show: (event) => void stream.write(`${eventLine(event)}\n`),
    notice: (line) => void process.stderr.write(line),
    [Symbol.dispose]() {},
  };
}
