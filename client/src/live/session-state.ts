import type { AnnouncedVersion, SessionEvent, SessionStreamEvent, Task } from "@jobwire/shared";
import { followWithState, type Followed, type StateItem } from "./follow-with-state.js";
import { applyTaskEvent, type SessionTask } from "./session-tasks.js";
import type { StreamSource } from "./shared-stream.js";

/** Everything one session was told. */
export interface SessionState {
  /** The version that was announced last; `null` until one was. */
  readonly version: AnnouncedVersion | null;
  /** Background tasks, the newest first: the newest 500 and all that run; `null` until they are known. */
  readonly tasks: readonly SessionTask[] | null;
  /** The newest messages of `sessions.send`, oldest first: at most 100. */
  readonly messages: readonly SessionMessage[];
  /** A newer connection has this session: nothing follows here. */
  readonly isReplaced: boolean;
}

/** What `sessions.send` has said to a session. */
export type SessionMessage = Extract<SessionEvent, { readonly type: "session.message" }>;

export const emptySession: SessionState = { version: null, tasks: null, messages: [], isReplaced: false };

const maxMessages = 100;

type SessionItem = StateItem<readonly Task[], SessionStreamEvent>;

export function createSession(
  followed: Followed<readonly Task[], SessionStreamEvent>,
): StreamSource<SessionState, SessionItem> {
  return {
    reduce: (session, items) => items.reduce(reduceSession, session),
    open: (sink) => followWithState(followed, sink),
  };
}

function reduceSession(session: SessionState, item: SessionItem): SessionState {
  if (item.kind === "loaded") return { ...session, tasks: item.loaded };
  const { data: event } = item.event;
  switch (event.type) {
    case "session.message":
      return { ...session, messages: [...session.messages, event].slice(-maxMessages) };
    case "session.replaced":
      return { ...session, isReplaced: true };
    case "version.announced": {
      const { version, changelog, pending } = event;
      return { ...session, version: { version, changelog, pending } };
    }
    case "task.started":
    case "task.progress":
    case "task.completed":
    case "task.failed":
      return { ...session, tasks: applyTaskEvent(session.tasks ?? [], event) };
    case "stream.gap":
      return { ...session, version: event.snapshot.version, tasks: event.snapshot.tasks };
    case "session.opened":
    // A newer server may send types that are not known here.
    default:
      return session;
  }
}
