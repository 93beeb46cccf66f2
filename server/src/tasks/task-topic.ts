import { taskTopic, type Role } from "@jobwire/shared";
import type { Jobwire } from "../topics/index.js";

export interface TaskTopicOptions {
  /** How long a task that has ended is kept. */
  readonly retainEndedMs: number;
}

export function openTaskTopic(jobwire: Jobwire, { retainEndedMs }: TaskTopicOptions) {
  return jobwire.topic(taskTopic, {
    index: ({ ownerRole, ownerId }) => [
      ownedIndex(ownerRole, ownerId),
      ...(ownerRole === "service" ? [servicesIndex] : []),
    ],
    feeds: (task) => (task ? [task.ownerRole === "service" ? servicesFeed : userFeed(task.ownerId)] : []),
    due: ({ status, leaseExpiresAt }) => (status === "running" ? leaseExpiresAt : null),
    onDue: (_key, { kind }) => ({
      type: "task.failed",
      kind,
      error: "No server process runs the task any more; start it again.",
    }),
    retainMs: retainEndedMs,
  });
}

/** The handle of the tasks' topic. */
export type TaskTopic = ReturnType<typeof openTaskTopic>;

/** The tasks of all services. */
export const servicesIndex = "services";

/** A user and a service of one name are two. */
export function ownedIndex(role: Role, ownerId: string): string {
  return `${role}/${ownerId}`;
}

/** What the tasks of a user say: all sessions of the user follow it. */
export function userFeed(userId: string): string {
  return `user/${userId}`;
}

/** What the tasks of services say: all sessions follow it. */
export const servicesFeed = "services";
