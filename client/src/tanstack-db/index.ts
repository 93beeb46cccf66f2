export { jobsCollectionOptions, type JobsCollectionUtils } from "./jobs-collection.js";
