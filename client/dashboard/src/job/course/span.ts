import type { JobView } from "@jobwire/client";
import { isTerminalJobStatus, type Job } from "@jobwire/shared";

/** The time that a job's axis shows. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** From when it was queued to its end, or to now. How long it was put off before is not shown: it may be days. */
export function spanOf({ stages, status }: JobView, job: Job | null, now: Date): Span {
  const first = stages.find(({ stage }) => stage !== "scheduled") ?? stages[0];
  const startMs = (first?.startedAt ?? job?.createdAt ?? now).getTime();
  const last = stages.at(-1);
  const isOver = status !== null && isTerminalJobStatus(status);
  const endMs = isOver && last ? last.startedAt.getTime() : Math.max(now.getTime(), startMs);
  return { startMs, endMs: Math.max(endMs, startMs + 1) };
}

/** 0 to 1 */
export function shareOf(time: Date, { startMs, endMs }: Span): number {
  return Math.min(1, Math.max(0, (time.getTime() - startMs) / (endMs - startMs)));
}

export interface Tick {
  readonly share: number;
  readonly afterMs: number;
}

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const steps = (
  [
    [1, [1, 2, 5, 10, 20, 50, 100, 200, 500]],
    [secondMs, [1, 2, 5, 10, 15, 30]],
    [minuteMs, [1, 2, 5, 10, 15, 30]],
    [hourMs, [1, 2, 4, 6, 12, 24, 48, 96]],
  ] as const
).flatMap(([unitMs, counts]) => counts.map((count) => count * unitMs));

/** About so many round times along the axis. */
export function ticksOf({ startMs, endMs }: Span, wanted: number): readonly Tick[] {
  const lengthMs = endMs - startMs;
  const stepMs = steps.find((step) => lengthMs / step <= wanted) ?? lengthMs;
  const count = Math.floor(lengthMs / stepMs);
  return Array.from({ length: count + 1 }, (_, index) => ({
    share: (index * stepMs) / lengthMs,
    afterMs: index * stepMs,
  }));
}

export function formatTick(afterMs: number): string {
  if (afterMs === 0) return "0";
  if (afterMs < secondMs) return `${afterMs} ms`;
  if (afterMs < minuteMs) return `${afterMs / secondMs} s`;
  if (afterMs >= hourMs) return `${Math.floor(afterMs / hourMs)} h ${minutesOf(afterMs) || ""}`.trim();
  const seconds = Math.round((afterMs % minuteMs) / secondMs);
  return `${Math.floor(afterMs / minuteMs)}:${String(seconds).padStart(2, "0")} min`;
}

function minutesOf(afterMs: number): number {
  return Math.round((afterMs % hourMs) / minuteMs);
}
