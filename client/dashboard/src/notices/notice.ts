import type { SessionMessage, SessionState, SessionTask } from "@jobwire/client/react";

export type Notice =
  | { readonly kind: "task"; readonly key: string; readonly task: SessionTask }
  | { readonly kind: "message"; readonly key: string; readonly message: SessionMessage };

/** The newest first. */
export function noticesOf(session: SessionState | null): readonly Notice[] {
  if (!session) return [];
  const tasks = (session.tasks ?? []).map((task): Notice => ({ kind: "task", key: task.id, task }));
  const messages = session.messages.map((message): Notice => ({
    kind: "message",
    key: keyOfMessage(message),
    message,
  }));
  return [...tasks, ...messages].toSorted((one, other) => timeOf(other).getTime() - timeOf(one).getTime());
}

export function timeOf(notice: Notice): Date {
  return notice.kind === "task" ? notice.task.updatedAt : notice.message.timestamp;
}

/** Messages have no id; two that are alike to the millisecond are one. */
export function keyOfMessage({ name, data, timestamp }: SessionMessage): string {
  return `${timestamp.getTime()} ${name} ${JSON.stringify(data)}`;
}
