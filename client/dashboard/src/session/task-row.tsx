import { useState } from "react";
import { useJobwireTrpc, type SessionTask } from "@jobwire/client/react";
import { messageOf } from "../shell/message-of.js";
import { Clock } from "../time/clock.js";
import { DownloadButton } from "./download-button.js";

const titles: Readonly<Record<SessionTask["kind"], string>> = {
  "export-events": "Export of a job's events",
  "prune-jobs": "Removal of old jobs",
  simulate: "Task of a test",
};

export function TaskRow({ task }: { readonly task: SessionTask }) {
  const { id, kind, status, progress, text, error, updatedAt } = task;
  return (
    <div className="task" data-status={status}>
      <div className="task-head">
        <strong>{titles[kind]}</strong>
        <Clock time={updatedAt} className="soft small number" />
      </div>
      {status === "running" && (
        <div
          className="meter"
          role="progressbar"
          aria-label={titles[kind]}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(progress * 100)}
        >
          <span style={{ transform: `scaleX(${progress})` }} />
        </div>
      )}
      <div className="task-foot">
        <span className="small soft">{describe(task) ?? error ?? text}</span>
        {status === "running" && <CancelButton taskId={id} />}
        {task.result && "url" in task.result && (
          <DownloadButton url={task.result.url} name={`events-${id}.ndjson`} />
        )}
      </div>
    </div>
  );
}

function describe({ result }: SessionTask): string | null {
  if (result === null) return null;
  if ("url" in result) return `${count(result.events, "event")}, ${Math.ceil(result.bytes / 1024)} KB`;
  return "jobs" in result ? `${count(result.jobs, "job")} removed` : count(result.steps, "step");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function CancelButton({ taskId }: { readonly taskId: string }) {
  const trpc = useJobwireTrpc();
  const [problem, setProblem] = useState<string | null>(null);
  const cancel = () => {
    trpc.tasks.cancel.mutate({ taskId }).catch((error: unknown) => setProblem(messageOf(error)));
  };
  return (
    <>
      {problem !== null && (
        <span role="alert" className="small">
          {problem}
        </span>
      )}
      <button type="button" className="button button-small" onClick={cancel}>
        Cancel
      </button>
    </>
  );
}
