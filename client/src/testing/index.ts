export { compareSchemas } from "./schema/compare-schemas.js";
export type { SchemaChange, SchemaDirection } from "./schema/schema-change.js";
export type { SchemaDocument, SchemaNode } from "./schema/schema-node.js";
