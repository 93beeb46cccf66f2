import { useState, type SubmitEvent } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { messageOf } from "../shell/message-of.js";

/** Removes the user's own finished jobs, in the background. */
export function PruneForm() {
  const trpc = useJobwireTrpc();
  const [days, setDays] = useState(7);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setProblem(null);
    trpc.tasks.start
      .mutate({ kind: "prune-jobs", input: { finishedBeforeDays: days } })
      .catch((error: unknown) => setProblem(messageOf(error)));
  };
  return (
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
      {problem !== null && (
        <p role="alert" className="notice notice-bad">
          {problem}
        </p>
      )}
    </form>
  );
}
