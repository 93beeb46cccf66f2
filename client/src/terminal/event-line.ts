import type { JobFeedEvent, JobStreamEvent, SpoolStreamEvent, StreamGap } from "@jobwire/shared";
import colors from "picocolors";
import { formatSeconds, oneLine, stageName } from "./text.js";

/** `09:30:02  Writing code  40%  2 of 5 pages`: an event of a job for people, on one line. */
export function eventLine(event: JobStreamEvent | JobFeedEvent): string {
  return withTime(event, ...describeJobEvent(event));
}

/** `09:30:02  MK-1342  TOMAR  Ana  Soldando`: a change of the spool board for people, on one line. */
export function spoolLine(event: SpoolStreamEvent): string {
  if (event.type === "stream.gap") return withTime(event, ...describeGap(event));
  const { tagSpool, type, workerNombre, estadoDetalle } = event;
  return withTime(event, colors.bold(oneLine(tagSpool)), type, oneLine(workerNombre), oneLine(estadoDetalle));
}

function describeJobEvent(event: JobStreamEvent | JobFeedEvent): readonly string[] {
  switch (event.type) {
    case "build.stage.started": {
      const { stage, stageLabel, message, narration } = event;
      const paint = stage === "failed" ? colors.red : stage === "ready" ? colors.green : colors.bold;
      return [paint(oneLine(stageLabel)), message === stageLabel ? "" : oneLine(message), oneLine(narration)];
    }
    case "build.stage.completed":
      return [stageName(event.stageLabel), `done in ${formatSeconds(event.durationMs)}`];
    case "build.progress":
      return [event.stage, `${Math.round(event.percent)}%`, oneLine(event.message)];
    case "snapshot.updated":
      return ["Snapshot", oneLine(event.caption), event.url.startsWith("data:") ? "" : oneLine(event.url)];
    case "documentation.updated":
      return ["Documentation", oneLine(`${event.section}: ${event.title}`)];
    case "stream.gap":
      return describeGap(event);
    case "stream.removed":
      return [colors.dim("Removed")];
    default:
      // From a server that knows more types.
      return [oneLine((event satisfies never as { readonly type: string }).type)];
  }
}

function describeGap({ reason }: StreamGap<unknown>): readonly string[] {
  const why = reason === "trimmed" ? "the server no longer keeps them" : "the log they were in is gone";
  return [colors.yellow("Events are missing"), why];
}

function withTime({ timestamp }: { readonly timestamp: Date }, ...parts: readonly string[]): string {
  const time = colors.dim(timestamp.toTimeString().slice(0, 8));
  return [time, ...parts.filter((part) => part !== "")].join("  ");
}
