/** 40 ms, 1.2 s, 12 s, 3 min 20 s, 1 h 5 min */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 10_000) return `${(durationMs / 1000).toFixed(1)} s`;
  return formatElapsed(durationMs);
}

/** In whole seconds: for what still goes on. */
export function formatElapsed(durationMs: number): string {
  const seconds = durationMs / 1000;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** just now, 5 min ago, and from a day on the date */
export function formatAge(time: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - time.getTime()) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return day.format(time);
}

/** Hours, minutes and seconds, as the reader's locale writes them. */
export function formatClock(time: Date): string {
  return clock.format(time);
}

/** With milliseconds, as logs have it. */
export function formatExactClock(time: Date): string {
  return exactClock.format(time);
}

/** Date, time and zone in full, and how long ago that was: what a clock's tooltip says. */
export function formatMoment(time: Date, now: Date): string {
  return `${moment.format(time)} (${formatDistance(time, now)})`;
}

/** 12 s ago, 5 min ago, 2 d ago, in 3 h */
function formatDistance(time: Date, now: Date): string {
  const seconds = (time.getTime() - now.getTime()) / 1000;
  const [unit, length] = units.find(([, atLeast]) => Math.abs(seconds) >= atLeast) ?? ["second", 1];
  return distance.format(Math.trunc(seconds / length), unit);
}

const units = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const satisfies readonly (readonly [Intl.RelativeTimeFormatUnit, number])[];

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const clockFields = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
const clock = new Intl.DateTimeFormat(undefined, clockFields);
const exactClock = new Intl.DateTimeFormat(undefined, { ...clockFields, fractionalSecondDigits: 3 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const distance = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
