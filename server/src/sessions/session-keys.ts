/** Sessions, versions and tasks share one scope: one commit can change a state and write to the logs of many sessions. */
export const sessionsScope = "sessions";

/** All sessions that are kept, connected or not. */
export const sessionsIndex = "sessions";

export function userIndex(userId: string): string {
  return `user/${userId}`;
}

/** Names a session's state and its topic. */
export function sessionKey(requestId: string): string {
  return `session/${requestId}`;
}

export const processesIndex = "processes";

export function processKey(processId: string): string {
  return `process/${processId}`;
}
