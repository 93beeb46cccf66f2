import { useRef } from "react";
import { Link, useRoute } from "wouter";
import { useBrowserSession } from "../session/browser-session.js";
import { TaskRow } from "../session/task-row.js";
import { EndWatchSwitch } from "./end-watch-switch.js";
import { MessageNotice } from "./message-notice.js";
import { noticesOf, timeOf, type Notice } from "./notice.js";
import { useSeenUntil } from "./use-seen-until.js";

const panelId = "notices";
const shownNotices = 20;

/** What this browser was told: background work and messages, the newest first. */
export function Bell({ userId }: { readonly userId: string }) {
  const session = useBrowserSession();
  const panel = useRef<HTMLDivElement>(null);
  const [isAtJob, params] = useRoute("/jobs/:jobId");
  const [seenUntil, markSeen] = useSeenUntil(userId);
  const notices = noticesOf(session);
  const fresh = notices.filter((notice) => timeOf(notice) > seenUntil && !isRunning(notice)).length;
  const close = () => panel.current?.hidePopover();
  return (
    <>
      <button
        type="button"
        className="button button-quiet button-small bell"
        popoverTarget={panelId}
        aria-label={fresh === 0 ? "Notices" : `Notices, ${fresh} new`}
        title="Notices"
      >
        <svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">
          <path d="M4 14.5c1.4-1.3 1.8-2.6 1.8-5.3a4.2 4.2 0 0 1 8.4 0c0 2.7.4 4 1.8 5.3z" />
          <path d="M8.3 17a1.8 1.8 0 0 0 3.4 0" />
        </svg>
        {fresh > 0 && (
          <span className="bell-count number" aria-hidden="true">
            {fresh}
          </span>
        )}
      </button>
      <div
        ref={panel}
        id={panelId}
        popover="auto"
        className="notices"
        role="dialog"
        aria-label="Notices"
        onToggle={({ newState }) => newState === "open" && markSeen()}
      >
        {isAtJob && <EndWatchSwitch jobId={params.jobId} />}
        {session && notices.length === 0 && (
          <p className="soft small">Nothing yet. Exports, other background work and messages appear here.</p>
        )}
        <ul>
          {notices.slice(0, shownNotices).map((notice) => (
            <li key={notice.key}>
              {notice.kind === "task" ? (
                <TaskRow task={notice.task} />
              ) : (
                <MessageNotice message={notice.message} />
              )}
            </li>
          ))}
        </ul>
        <Link href="/session" className="small" onClick={close}>
          All about this session
        </Link>
      </div>
    </>
  );
}

function isRunning(notice: Notice): boolean {
  return notice.kind === "task" && notice.task.status === "running";
}
