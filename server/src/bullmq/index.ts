/**
 * The jobs of a BullMQ queue as a topic. Needs the optional peer `bullmq`.
 * @module @jobwire/server/bullmq
 */
export { followQueue, type FollowQueueOptions } from "./follow-queue.js";
export { openQueueTopic, type QueueTopic, type QueueTopicOptions } from "./queue-topic.js";
export { reportingLogs, type ReportingLogsOptions } from "./reporting-logs.js";
