/**
 * What tests need: servers inside the process, streams to wait on, matchers, and what of a schema has changed.
 * @module @jobwire/client/testing
 */
export { collect, type Collected, type CollectOptions } from "./collect.js";
export { Inbox, type InboxOptions } from "./inbox.js";
export { matchers } from "./matchers.js";
export { compareSchemas } from "./schema/compare-schemas.js";
export type { SchemaChange, SchemaDirection } from "./schema/schema-change.js";
export type { SchemaDocument, SchemaNode } from "./schema/schema-node.js";
export { startTopicServer, type TopicServer, type TopicServerOptions } from "./topic-server.js";
export { startTestServer, type TestCaller, type TestServer } from "./test-server.js";
