import type { Tracked } from "@jobwire/client/react";
import type { JobStreamEvent } from "@jobwire/shared";
import { formatDuration } from "../../time/format-time.js";

/** One line about an event. */
export function summaryOf(event: JobStreamEvent): string {
  switch (event.type) {
    case "build.stage.started":
      return firstLineOf(event.message);
    case "build.stage.completed":
      return `${event.stage} took ${formatDuration(event.durationMs)}`;
    case "build.progress":
      return `${event.stage} ${Math.round(event.percent)} %${event.message === undefined ? "" : ` · ${firstLineOf(event.message)}`}`;
    case "snapshot.updated":
      return event.caption ?? "";
    case "documentation.updated":
      return event.title;
    case "stream.gap":
      return `events are missing: ${event.reason}`;
    default:
      return "";
  }
}

export function matches({ id, data }: Tracked<JobStreamEvent>, filter: string): boolean {
  const wanted = filter.trim().toLowerCase();
  return (
    wanted === "" || [id, data.type, summaryOf(data)].some((text) => text.toLowerCase().includes(wanted))
  );
}

/** As `data:` of the plain stream has it, with the ids. */
export function jsonOf(events: readonly Tracked<JobStreamEvent>[]): string {
  return JSON.stringify(
    events.map(({ id, data }) => ({ id, ...data })),
    null,
    2,
  );
}

function firstLineOf(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
