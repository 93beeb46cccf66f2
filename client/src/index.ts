export {
  createJobwireClient,
  type JobwireClient,
  type JobwireClientOptions,
  type TokenSource,
} from "./create-client.js";
