import type { JobView } from "@jobwire/client";
import { isTerminalJobStatus } from "@jobwire/shared";

/** How far the stage of now is. Takes its place also while nothing was said, so that nothing below it moves. */
export function LiveProgress({ job: { status, stageLabel, progress } }: { readonly job: JobView }) {
  if (status === null || isTerminalJobStatus(status)) return null;
  const percent = progress?.percent ?? 0;
  return (
    <section className="card job-card live-progress" aria-label="Progress">
      <div className="live-progress-head">
        <h2>{stageLabel.replace(/\.\.\.$/, "")}</h2>
        <span className="number">{progress ? `${Math.round(percent)} %` : ""}</span>
      </div>
      <div
        className="meter"
        role="progressbar"
        aria-label={stageLabel}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(progress && { "aria-valuenow": Math.round(percent) })}
      >
        <span style={{ transform: `scaleX(${percent / 100})` }} />
      </div>
      <p className="small soft live-progress-message">{progress?.message ?? ""}</p>
    </section>
  );
}
