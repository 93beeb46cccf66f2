import type { TopicKey } from "../store/store.js";

/** Sessions, versions and tasks share one scope: one commit can change a state and write to a log that sessions follow. */
export const sessionsScope = "sessions";

/** All sessions that are kept, connected or not. */
export const sessionsIndex = "sessions";

export function userIndex(userId: string): string {
  return `user/${userId}`;
}

/** The sessions that are connected to a process. */
export function liveIndex(processId: string): string {
  return `live/${processId}`;
}

/** Names a session's state. */
export function sessionKey(requestId: string): string {
  return `session/${requestId}`;
}

/** What is for one session alone. */
export function sessionTopic(requestId: string): TopicKey {
  return { scope: sessionsScope, topic: `own/${requestId}` };
}

/** What is for all sessions of a user. */
export function userTopic(userId: string): TopicKey {
  return { scope: sessionsScope, topic: `user/${userId}` };
}

/** What is for every session. */
export const everybodyTopic: TopicKey = { scope: sessionsScope, topic: "everybody" };

export const processesIndex = "processes";

export function processKey(processId: string): string {
  return `process/${processId}`;
}
