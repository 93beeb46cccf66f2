export { jobFeedQueryOptions, jobQueryOptions } from "./query-options.js";
