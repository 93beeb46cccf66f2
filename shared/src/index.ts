/**
 * The contract, which servers and pages import alike: how topics are defined, and the events, states and inputs of the
 * application's jobs, tasks, sessions and spools. Depends on zod only.
 * @module @jobwire/shared
 */
export * from "./cursor.js";
export { findUnencodablePart, isEncodableKey, type UnencodablePart } from "./encodable.js";
export * from "./error-code.js";
export * from "./jobs/apply-to-job.js";
export * from "./jobs/job.js";
export * from "./jobs/job-event.js";
export * from "./jobs/job-stage.js";
export * from "./jobs/job-status.js";
export * from "./jobs/job-topic.js";
export * from "./jobs/output.js";
export * from "./jobs/work.js";
export * from "./last-event-id.js";
export * from "./read-event.js";
export * from "./role.js";
export * from "./sessions/session.js";
export { sessionTopic, type SessionState } from "./sessions/session-topic.js";
export * from "./spools/apply-spool-event.js";
export * from "./spools/spool.js";
export * from "./spools/spool-event-type.js";
export * from "./spools/spool-topic.js";
export * from "./stream-event.js";
export * from "./stream-gap.js";
export * from "./stream-input.js";
export * from "./tasks/task.js";
export * from "./tasks/task-topic.js";
export * from "./timer.js";
export * from "./timestamp.js";
export * from "./traceparent.js";
export type { UnknownEvent } from "./unknown-event.js";
export * from "./topic/index.js";
