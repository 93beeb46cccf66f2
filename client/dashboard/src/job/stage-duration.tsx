import type { StageView } from "@jobwire/client";
import { isTerminalJobStatus } from "@jobwire/shared";
import { formatDuration, formatElapsed } from "../time/format-time.js";
import { useNow } from "../time/use-now.js";

export interface StageDurationProps {
  readonly stage: StageView;
  /** It is the stage of now. */
  readonly isTicking: boolean;
}

export function StageDuration({ stage: { stage, startedAt, durationMs }, isTicking }: StageDurationProps) {
  const now = useNow(isTicking ? 1000 : null);
  if (isTerminalJobStatus(stage)) return null;
  if (durationMs !== null) return <span className="small number">{formatDuration(durationMs)}</span>;
  if (!isTicking) return null;
  const elapsedMs = Math.max(0, now.getTime() - startedAt.getTime());
  return <span className="small number soft">{formatElapsed(elapsedMs)}</span>;
}
