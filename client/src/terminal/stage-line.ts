import colors from "picocolors";
import type { ProgressView, StageView } from "../job-view.js";
import { wholeEnd } from "../whole-end.js";
import { formatSeconds, oneLine, stageName } from "./text.js";

export type StageState = "running" | "completed" | "failed";

/** `✔ Running checks            ████████████████████ 100%   2.5 s  Passed: npm run test`, at most `columns` wide. */
export function stageLine(
  stage: StageView,
  state: StageState,
  progress: ProgressView | null,
  columns: number,
): string {
  const elapsedMs = stage.durationMs ?? Math.max(0, Date.now() - stage.startedAt.getTime());
  const percent = state === "completed" ? 100 : (progress?.percent ?? 0);
  const filled = Math.round((percent / 100) * barLength);
  const bar = colors.cyan("█".repeat(filled)) + colors.dim("░".repeat(barLength - filled));
  // Who has not measured how far it is says that it runs.
  const figure = progress || state === "completed" ? `${Math.round(percent)}%` : "";
  const figures = figure.padStart(4) + formatSeconds(elapsedMs).padStart(9);
  const line = `${symbols[state]} ${stageName(stage.stageLabel).padEnd(labelLength)} ${bar} ${figures}`;
  const room = columns - lineLength - 2;
  const message = oneLine(progress?.message ?? (stage.message === stage.stageLabel ? "" : stage.message));
  return room > 0 && message !== ""
    ? `${line}  ${colors.dim(message.slice(0, wholeEnd(message, room)))}`
    : line;
}

const symbols = { running: colors.cyan("›"), completed: colors.green("✔"), failed: colors.red("✖") } as const;

const labelLength = 23;
const barLength = 20;
const lineLength = 2 + labelLength + 1 + barLength + 1 + 13;
