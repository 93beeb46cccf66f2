import { useState } from "react";
import { useJobwireTrpc } from "@jobwire/client/react";
import { Link } from "wouter";
import { messageOf } from "../shell/message-of.js";

/** Starts an export of the job's log; it goes on in the background, shown on the session's page. */
export function ExportButton({ jobId }: { readonly jobId: string }) {
  const trpc = useJobwireTrpc();
  const [state, setState] = useState<"ready" | "started" | { readonly problem: string }>("ready");
  const start = async () => {
    try {
      await trpc.tasks.start.mutate({ kind: "export-events", input: { jobId } });
      setState("started");
    } catch (error) {
      setState({ problem: messageOf(error) });
    }
  };
  if (state === "started") {
    return (
      <span role="status" className="small">
        Export started: <Link href="/session">see the session</Link>
      </span>
    );
  }
  return (
    <span>
      <button type="button" className="button" onClick={() => void start()}>
        Export events
      </button>
      {typeof state === "object" && (
        <span role="alert" className="notice notice-bad">
          {state.problem}
        </span>
      )}
    </span>
  );
}
