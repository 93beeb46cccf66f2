import colors from "picocolors";
import type { StageEntry } from "./stage-list.js";

/** `✔ Running checks            ████████████████████ 100%   2.5 s  Passed: npm run test`, at most `columns` wide. */
export function renderLine(entry: StageEntry, columns: number): string {
  const { state, label } = entry;
  const elapsedMs =
    state === "running" ? Math.max(0, Date.now() - entry.startedAt.getTime()) : entry.durationMs;
  const percent = state === "completed" ? 100 : entry.percent;
  const filled = Math.round((percent / 100) * barLength);
  const bar = colors.cyan("█".repeat(filled)) + colors.dim("░".repeat(barLength - filled));
  const figures = `${Math.round(percent)}%`.padStart(4) + formatSeconds(elapsedMs).padStart(9);
  const line = `${symbols[state]} ${label.padEnd(labelLength)} ${bar} ${figures}`;
  const room = columns - lineLength - 2;
  const [message = ""] = entry.message.split("\n");
  return room > 0 && message !== "" ? `${line}  ${colors.dim(message.slice(0, room))}` : line;
}

/** "2.5 s" */
export function formatSeconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

const symbols = { running: colors.cyan("›"), completed: colors.green("✔"), failed: colors.red("✖") } as const;

const labelLength = 23;
const barLength = 20;
const lineLength = 2 + labelLength + 1 + barLength + 1 + 13;
