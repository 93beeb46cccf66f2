import { useBrowserSession } from "./browser-session.js";
import { MessageList } from "./message-list.js";
import { PruneForm } from "./prune-form.js";
import { TaskList } from "./task-list.js";

export function SessionPage() {
  const session = useBrowserSession();
  return (
    <>
      <title>Session · Jobwire</title>
      <div className="page-head">
        <h1>Session</h1>
        <p>What the server tells this browser, shared by its tabs.</p>
      </div>
      <div className="session-columns">
        <section className="card job-card" aria-labelledby="tasks">
          <h2 id="tasks">Background tasks</h2>
          {session?.tasks && <TaskList tasks={session.tasks} />}
        </section>
        <div className="job-results">
          <section className="card job-card" aria-labelledby="version">
            <h2 id="version">Version</h2>
            {session?.version && (
              <>
                <p className="version">{session.version.version}</p>
                <p className="soft small">
                  {session.version.pending
                    ? "Announced: it takes effect when you reload the page."
                    : "This is what the server runs."}
                </p>
                {session.version.changelog !== null && <p className="small">{session.version.changelog}</p>}
              </>
            )}
          </section>
          <section className="card job-card" aria-labelledby="tidy">
            <h2 id="tidy">Tidy up</h2>
            <PruneForm />
          </section>
          <section className="card job-card" aria-labelledby="messages">
            <h2 id="messages">Messages</h2>
            <MessageList messages={session?.messages ?? []} />
          </section>
        </div>
      </div>
    </>
  );
}
