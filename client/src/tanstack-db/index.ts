/**
 * Jobs as a collection of TanStack DB. Needs the optional peer `@tanstack/db`.
 * @module @jobwire/client/tanstack-db
 */
export { jobsCollectionOptions, type JobsCollectionUtils } from "./jobs-collection.js";
