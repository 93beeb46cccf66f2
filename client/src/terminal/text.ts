import { stripVTControlCharacters } from "node:util";

/** "2.5 s" */
export function formatSeconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

/** "2026-01-31 09:30", on the clock of this machine. */
export function formatDate(date: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The first line of a text, empty when there is none, without what a terminal would obey: events carry what others wrote. */
export function oneLine(text: string | null | undefined): string {
  return printable((text ?? "").trimStart().split(/[\r\n]/, 1)[0] ?? "");
}

/** A text of several lines, without what a terminal would obey. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(obeyed, " ");
}

/** Control characters, and what turns the direction of the text around it: a name could look like another one. */
const obeyed = /[^\P{Cc}\n]|[\u202A-\u202E\u2066-\u2069]/gu;

/** `Writing code` of `Writing code...`. */
export function stageName(stageLabel: string): string {
  return oneLine(stageLabel).replace(/\.+$/, "");
}
