/**
 * Workers: programs that claim jobs and take them through the stages of a pipeline.
 * @module @jobwire/client/worker
 */
export { createWorker, type Worker, type WorkerOptions } from "./create-worker.js";
export type { WorkerLogger } from "./logger.js";
export { CommandError, runCommand, type Command, type CommandOptions } from "./run-command.js";
export {
  buildStages,
  type BuildStage,
  type Pipeline,
  type PipelineRun,
  type StageContext,
  type StageFunction,
} from "./pipeline.js";
