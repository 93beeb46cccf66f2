import { useState } from "react";
import { useSpools } from "@jobwire/client/react";
import type { Identity } from "../sign-in/identity.js";
import { RegisterSpoolForm } from "./register-spool-form.js";
import { SpoolColumn } from "./spool-column.js";
import { spoolStates } from "./spool-state.js";
import { useSpoolActions } from "./use-spool-actions.js";
import { WorkerField } from "./worker-field.js";

export function SpoolBoardPage({ identity }: { readonly identity: Identity }) {
  const { spools } = useSpools();
  const [worker, setWorker] = useState(identity.userId);
  const actions = useSpoolActions(worker.trim());
  return (
    <>
      <title>Spools · Jobwire</title>
      <div className="page-head">
        <h1>Spool board</h1>
        <WorkerField worker={worker} spools={spools ?? []} onChange={setWorker} />
      </div>
      {identity.role === "service" && <RegisterSpoolForm />}
      {spools?.length === 0 && (
        <div className="empty">
          <h2>The board is empty</h2>
          <p>
            {identity.role === "service"
              ? "Register a spool above: everybody who watches the board sees it at once."
              : "A service puts spools on it with spools.register; they appear here by themselves."}
          </p>
        </div>
      )}
      {spools && spools.length > 0 && (
        <div className="board">
          {spoolStates.map((state) => (
            <SpoolColumn key={state} state={state} spools={spools} worker={worker.trim()} actions={actions} />
          ))}
        </div>
      )}
    </>
  );
}
