import { everybody, sessionTopic, type SessionState } from "@jobwire/shared";
import type { Jobwire } from "../topics/index.js";

export interface SessionTopicOptions {
  /** How long a session is kept after its connection has ended. */
  readonly retainMs: number;
}

export function openSessionTopic(jobwire: Jobwire, { retainMs }: SessionTopicOptions) {
  return jobwire.topic(sessionTopic, {
    index: indexesOf,
    expires: ({ endedAt }, { requestId }) =>
      endedAt && requestId !== everybody ? new Date(endedAt.getTime() + retainMs) : null,
  });
}

/** The handle of the sessions' topic. */
export type SessionTopic = ReturnType<typeof openSessionTopic>;

/** Those that have a connection, as long as its process is alive. */
export const connectedIndex = "connected";

/** Those of a user, connected or not. */
export function userIndex(userId: string): string {
  return `user/${userId}`;
}

/** Those that are connected to a process. */
export function processIndex(processId: string): string {
  return `process/${processId}`;
}

function indexesOf({ userId, connection, endedAt }: SessionState): string[] {
  if (userId === null || !connection) return [];
  return [userIndex(userId), ...(endedAt ? [] : [connectedIndex, processIndex(connection.process)])];
}
