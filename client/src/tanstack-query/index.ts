/**
 * Jobs as queries of TanStack Query. Needs the optional peers `react` and `@tanstack/react-query`.
 * @module @jobwire/client/tanstack-query
 */
export { jobFeedQueryOptions, jobQueryOptions } from "./query-options.js";
