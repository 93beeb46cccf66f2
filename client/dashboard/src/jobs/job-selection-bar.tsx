import type { JobView } from "@jobwire/client";
import { isTerminalJobStatus } from "@jobwire/shared";
import { ConfirmDialog } from "../shell/confirm-dialog.js";
import { nameOfJob } from "./name-of-job.js";
import type { JobActions } from "./use-job-actions.js";
import type { JobSelection } from "./use-job-selection.js";

export interface JobSelectionBarProps {
  readonly jobs: readonly JobView[];
  readonly selection: JobSelection;
  readonly actions: JobActions;
}

/** What can be done with those that are selected, and what came of it. */
export function JobSelectionBar({ jobs, selection, actions }: JobSelectionBarProps) {
  const selected = jobs.filter(({ jobId }) => selection.selected.has(jobId));
  const ids = (chosen: readonly JobView[]) => chosen.map(({ jobId }) => jobId);
  const finished = selected.filter(({ status }) => status !== null && isTerminalJobStatus(status));
  const unfinished = selected.filter(({ status }) => status === null || !isTerminalJobStatus(status));
  return (
    <>
      <div className="selection-bar" role="group" aria-label="Selected jobs" hidden={selected.length === 0}>
        <strong className="small number">{selected.length} selected</strong>
        <button
          type="button"
          className="button button-small"
          disabled={unfinished.length === 0}
          onClick={() => actions.ask("cancel", ids(unfinished))}
        >
          Cancel {unfinished.length || ""}
        </button>
        <button
          type="button"
          className="button button-small"
          onClick={() => void actions.rerun(ids(selected)).then(selection.clear)}
        >
          Re-run {selected.length}
        </button>
        <button
          type="button"
          className="button button-small"
          disabled={finished.length === 0}
          onClick={() => actions.ask("remove", ids(finished))}
        >
          Remove {finished.length || ""}
        </button>
        <button type="button" className="button button-quiet button-small" onClick={selection.clear}>
          Clear
        </button>
      </div>
      <p role="status" className={actions.said === null ? "unseen" : "said small"}>
        {actions.said}
      </p>
      {actions.asked && (
        <ConfirmDialog
          title={titleOf(actions.asked, jobs)}
          {...wordsOf(actions.asked)}
          onConfirm={() => actions.perform().then(selection.clear)}
          onClose={actions.dismiss}
        >
          <p>
            {actions.asked.action === "cancel"
              ? "The worker stops within a second. What was written so far is kept."
              : "Events, output and results are gone at once, for everybody. This cannot be undone."}
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}

function titleOf({ action, jobIds }: NonNullable<JobActions["asked"]>, jobs: readonly JobView[]): string {
  const verb = action === "cancel" ? "Cancel" : "Remove";
  const only = jobIds.length === 1 ? jobs.find(({ jobId }) => jobId === jobIds[0]) : undefined;
  return only ? `${verb} “${nameOfJob(only)}”?` : `${verb} ${jobIds.length} jobs?`;
}

/** Of one or of several: in the words of a job's own page. */
function wordsOf({ action, jobIds }: NonNullable<JobActions["asked"]>) {
  const what = jobIds.length === 1 ? "the job" : `${jobIds.length} jobs`;
  const it = jobIds.length === 1 ? "it" : "them";
  return action === "cancel"
    ? { action: `Cancel ${what}`, refusal: `Keep ${it} running` }
    : { action: `Remove ${what}`, refusal: `Keep ${it}` };
}
