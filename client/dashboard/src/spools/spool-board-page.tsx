import { useState } from "react";
import { useSpools } from "@jobwire/client/react";
import type { Identity } from "../sign-in/identity.js";
import { PageSkeleton } from "../shell/page-skeleton.js";
import { BoardNewsList } from "./board-news-list.js";
import { useBoardNews } from "./board-news.js";
import { EmptyBoard } from "./empty-board.js";
import { RegisterSpoolForm } from "./register-spool-form.js";
import { SpoolColumn } from "./spool-column.js";
import { spoolStates } from "./spool-state.js";
import { useSpoolActions } from "./use-spool-actions.js";
import { WorkerField } from "./worker-field.js";

export function SpoolBoardPage({ identity }: { readonly identity: Identity }) {
  const { spools } = useSpools();
  const news = useBoardNews(spools);
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
      <BoardNewsList news={news} />
      {spools === null && <PageSkeleton />}
      {spools?.length === 0 && <EmptyBoard isService={identity.role === "service"} />}
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
