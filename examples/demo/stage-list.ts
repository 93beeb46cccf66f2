import { isTerminalJobStatus, type JobStatus, type JobStreamEvent } from "@jobwire/shared";

/** One stage the job is in or has been in; a retried one is there once for each attempt. */
export interface StageEntry {
  readonly stage: JobStatus;
  readonly label: string;
  readonly startedAt: Date;
  state: "running" | "completed" | "failed";
  percent: number;
  /** What the stage said last. */
  message: string;
  durationMs: number;
}

/** What a job's events say about its stages, in order. */
export class StageList {
  readonly #entries: StageEntry[] = [];

  get entries(): readonly StageEntry[] {
    return this.#entries;
  }

  get last(): StageEntry | undefined {
    return this.#entries.at(-1);
  }

  apply(event: JobStreamEvent): void {
    const { last } = this;
    if (event.type === "build.stage.started") {
      if (event.stage === "failed" && last) last.state = "failed";
      if (isTerminalJobStatus(event.stage)) return;
      const message = event.message === event.stageLabel ? "" : event.message;
      this.#entries.push({
        stage: event.stage,
        label: event.stageLabel.replace(/\.+$/, ""),
        startedAt: event.timestamp,
        state: "running",
        percent: 0,
        message,
        durationMs: 0,
      });
    } else if (last && event.type === "build.stage.completed") {
      last.state = "completed";
      last.durationMs = event.durationMs;
    } else if (last && event.type === "build.progress") {
      last.percent = event.percent;
      last.message = event.message ?? last.message;
    }
  }
}
