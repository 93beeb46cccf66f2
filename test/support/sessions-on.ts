import type { AnnouncedVersion } from "@jobwire/shared";
import { pino } from "pino";
import { openSessions, type Sessions } from "../../server/src/sessions/open-sessions.js";
import { SessionStreams } from "../../server/src/sessions/session-streams.js";
import type { Store } from "../../server/src/store/store.js";
import { openTaskTopic } from "../../server/src/tasks/task-topic.js";
import { Jobwire } from "../../server/src/topics/index.js";
import { sharedStore } from "./shared-store.js";

export interface SessionsOnOptions {
  readonly versionFor?: (requestId: string) => Promise<AnnouncedVersion>;
  readonly onError: (error: unknown) => void;
}

/** The sessions of a store, as one server process has them. The store is closed by whoever opened it. */
export function sessionsOn(
  store: Store,
  { versionFor, onError }: SessionsOnOptions,
): Sessions & { readonly streams: SessionStreams } {
  const jobwire = new Jobwire(sharedStore(store), { retainMs: 60_000, onError });
  const sessions = openSessions({
    jobwire,
    maxPerUser: 100,
    retainMs: 60_000,
    observers: [],
    log: pino({ level: "silent" }),
    onError,
  });
  const { topic, registry, connections } = sessions;
  const streams = new SessionStreams({
    jobwire,
    topic,
    taskTopic: openTaskTopic(jobwire, { retainEndedMs: 60_000 }),
    registry,
    connections,
    versionFor: versionFor ?? (async () => ({ version: "1", changelog: null, pending: false })),
    listTasks: async () => [],
    onError,
  });
  return {
    ...sessions,
    streams,
    async [Symbol.asyncDispose]() {
      await sessions[Symbol.asyncDispose]();
      await jobwire[Symbol.asyncDispose]();
    },
  };
}
