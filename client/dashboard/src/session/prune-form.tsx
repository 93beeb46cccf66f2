import { useState, type SubmitEvent } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { ConfirmDialog } from "../shell/confirm-dialog.js";

/** Removes the user's own finished jobs, in the background. */
export function PruneForm() {
  const trpc = useJobwireTrpc();
  const [days, setDays] = useState(7);
  const [isAsking, setIsAsking] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setIsAsking(true);
  };
  return (
    <>
      <form className="prune" onSubmit={submit}>
        <label>
          <span>Remove jobs that ended at least</span>
          <input
            className="input number"
            type="number"
            min={0}
            max={3650}
            value={days}
            onChange={({ target }) => setDays(target.valueAsNumber)}
            required
          />
          <span>days ago</span>
        </label>
        <button type="submit" className="button button-small">
          Remove
        </button>
      </form>
      {isAsking && (
        <ConfirmDialog
          title="Remove old jobs?"
          action="Remove jobs"
          refusal="Keep them"
          onConfirm={() =>
            trpc.tasks.start.mutate({ kind: "prune-jobs", input: { finishedBeforeDays: days } })
          }
          onClose={() => setIsAsking(false)}
        >
          <p>
            {days === 0
              ? "All your finished jobs go"
              : `All your jobs that ended at least ${days === 1 ? "a day" : `${days} days`} ago go`}
            , with their logs and output, in all tabs and for good.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
