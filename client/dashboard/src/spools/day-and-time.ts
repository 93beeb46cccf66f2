/** 27 Nov, 12:31: a spool may stay where it is for days. */
export function formatDayAndTime(time: Date): string {
  return dayAndTime.format(time);
}

const dayAndTime = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
