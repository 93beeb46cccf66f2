import { useState } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { Link, useLocation } from "wouter";
import { CopyButton } from "../../shell/copy-button.js";
import { Field } from "../../shell/field.js";
import { messageOf } from "../../shell/message-of.js";
import { ConfirmDialog } from "../../shell/confirm-dialog.js";
import { tellRemoved } from "./removed-jobs.js";

export interface JobActionsProps {
  readonly jobId: string;
  readonly isOver: boolean;
}

type Told = { readonly kind: "exported" } | { readonly kind: "problem"; readonly text: string };

/** What can be done with a job. The buttons stay where they are, whatever becomes of it. */
export function JobActions({ jobId, isOver }: JobActionsProps) {
  const trpc = useJobwireTrpc();
  const [, navigate] = useLocation();
  const [asked, setAsked] = useState<"cancel" | "remove" | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [told, setTold] = useState<Told | null>(null);

  const act = async (action: () => Promise<void>) => {
    setIsBusy(true);
    setTold(null);
    try {
      await action();
    } catch (error) {
      setTold({ kind: "problem", text: messageOf(error) });
    } finally {
      setIsBusy(false);
    }
  };
  const rerun = async () => navigate(`/jobs/${(await trpc.jobs.rerun.mutate({ jobId })).id}`);
  const startExport = async () => {
    await trpc.tasks.start.mutate({ kind: "export-events", input: { jobId } });
    setTold({ kind: "exported" });
  };
  return (
    <div className="job-actions">
      {isOver ? (
        <button
          type="button"
          className="button button-main"
          disabled={isBusy}
          onClick={() => void act(rerun)}
        >
          Re-run
        </button>
      ) : (
        <button type="button" className="button" onClick={() => setAsked("cancel")}>
          Cancel
        </button>
      )}
      <CopyButton
        text={() => location.origin + location.pathname + location.hash}
        label="Copy link to this job"
      >
        Copy link
      </CopyButton>
      <button
        type="button"
        className="button"
        disabled={!isOver || isBusy}
        onClick={() => void act(startExport)}
      >
        Export events
      </button>
      <button type="button" className="button" disabled={!isOver} onClick={() => setAsked("remove")}>
        Remove
      </button>
      <p role="status" className={told ? "job-told" : "unseen"} data-kind={told?.kind}>
        {told?.kind === "problem" && told.text}
        {told?.kind === "exported" && (
          <>
            Export started: <Link href="/session">see the session</Link>
          </>
        )}
        {told && (
          <button type="button" className="button button-quiet button-small" onClick={() => setTold(null)}>
            Dismiss
          </button>
        )}
      </p>
      {asked === "cancel" && <CancelDialog jobId={jobId} onClose={() => setAsked(null)} />}
      {asked === "remove" && <RemoveDialog jobId={jobId} onClose={() => setAsked(null)} />}
    </div>
  );
}

interface AskProps {
  readonly jobId: string;
  readonly onClose: () => void;
}

function CancelDialog({ jobId, onClose }: AskProps) {
  const trpc = useJobwireTrpc();
  const [reason, setReason] = useState("");
  const cancel = async () => {
    const given = reason.trim();
    await trpc.jobs.cancel.mutate({ jobId, ...(given !== "" && { reason: given }) });
  };
  return (
    <ConfirmDialog
      title="Cancel this job?"
      action="Cancel the job"
      refusal="Keep it running"
      onConfirm={cancel}
      onClose={onClose}
    >
      <p className="soft">Its worker stops within a second. What it has written so far is kept.</p>
      <Field label="Reason" hint="Shown to everybody who looks at the job. May be left empty.">
        {(control) => (
          <input
            {...control}
            className="input"
            dir="auto"
            value={reason}
            maxLength={1000}
            onChange={({ target }) => setReason(target.value)}
          />
        )}
      </Field>
    </ConfirmDialog>
  );
}

function RemoveDialog({ jobId, onClose }: AskProps) {
  const trpc = useJobwireTrpc();
  const [, navigate] = useLocation();
  const remove = async () => {
    await trpc.jobs.remove.mutate({ jobId });
    tellRemoved(jobId);
    navigate("/");
  };
  return (
    <ConfirmDialog
      title="Remove this job?"
      action="Remove the job"
      refusal="Keep it"
      onConfirm={remove}
      onClose={onClose}
    >
      <p className="soft">
        Its events, its output and its results are gone at once, for everybody. This cannot be undone.
      </p>
    </ConfirmDialog>
  );
}
