import { randomUUID } from "node:crypto";
import { createJobwireClient } from "@jobwire/client";
import {
  buildStages,
  createWorker,
  type BuildStage,
  type PipelineRun,
  type StageContext,
  type StageFunction,
  type Worker,
  type WorkerOptions,
} from "@jobwire/client/worker";
import type { Job, JobStreamEvent } from "@jobwire/shared";
import { watchJob } from "../support/collect.js";
import type { TestServer } from "../support/test-server.js";

/** An owner and a worker's account with a pipeline nobody else has. */
export interface Workshop {
  readonly pipeline: string;
  createJob(): Promise<string>;
  getJob(jobId: string): Promise<Job>;
  /** Fails the job from outside, as an operator would. */
  failJob(jobId: string): Promise<void>;
  /** Claims a new job for so long, never renews the claim and waits for the job to fail. */
  letLeaseRunOut(leaseMs: number): Promise<void>;
  /** All events of a job, once it is over. */
  eventsOf(jobId: string): Promise<JobStreamEvent[]>;
  /** Ask for another URL to get between the worker and its server. */
  startWorker(open: (job: Job) => PipelineRun, options?: WorkshopWorkerOptions): Worker;
}

interface WorkshopWorkerOptions extends Partial<Omit<WorkerOptions, "client" | "pipelines">> {
  readonly retries?: number;
  readonly url?: string;
}

export async function openWorkshop(server: TestServer): Promise<Workshop> {
  const pipeline = `pipeline-${randomUUID()}`;
  const owner = await server.newUser();
  const service = await server.newService();
  const eventsOf = async (jobId: string) => {
    using stream = watchJob(owner.client, { jobId });
    return await stream.completed();
  };
  return {
    pipeline,
    async createJob() {
      return (await owner.client.jobs.create.mutate({ pipeline })).id;
    },
    getJob: (jobId) => owner.client.jobs.get.query({ jobId }),
    async failJob(jobId) {
      await service.client.jobs.transition.mutate({ jobId, to: "failed", message: "called off" });
    },
    async letLeaseRunOut(leaseMs) {
      const { id: jobId } = await owner.client.jobs.create.mutate({ pipeline: `nobody-${randomUUID()}` });
      await service.client.work.claim.mutate({ jobId, workerId: "nobody", leaseMs });
      await eventsOf(jobId);
    },
    eventsOf,
    startWorker(open, { retries = 0, url = server.url, ...options } = {}) {
      const client = createJobwireClient({ url, token: service.token });
      return createWorker({ client, pipelines: { [pipeline]: { retries, open } }, ...options });
    },
  };
}

/** Stage functions that do nothing, but for those given. */
export function stages(given: Partial<PipelineRun> = {}): PipelineRun {
  return { scaffold() {}, code() {}, deps() {}, checks() {}, ...given };
}

/** A stage function that says when it runs and goes on when it is let. */
export class Gate {
  readonly #entered = deferred<StageContext>();
  readonly #opened = deferred<void>();

  readonly stage: StageFunction = async (context) => {
    this.#entered.resolve(context);
    await this.#opened.promise;
  };

  /** Resolves once a job is at the gate. */
  get entered(): Promise<StageContext> {
    return this.#entered.promise;
  }

  open(): void {
    this.#opened.resolve();
  }
}

interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
}

export function deferred<Value>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** `started scaffold`, `progress 50 scaffold`, `completed scaffold`, …: what happened, in order. */
export function outline(events: readonly JobStreamEvent[]): string[] {
  return events.map((event) => {
    switch (event.type) {
      case "build.stage.started":
        return `started ${event.stage}`;
      case "build.stage.completed":
        return `completed ${event.stage}`;
      case "build.progress":
        return `progress ${event.percent} ${event.stage}`;
      case "snapshot.updated":
      case "documentation.updated":
      case "stream.gap":
      default:
        return event.type;
    }
  });
}

/** The reason a job failed for, as its last event says it. */
export function failureOf(events: readonly JobStreamEvent[]): string {
  const last = events.at(-1);
  if (last?.type !== "build.stage.started" || last.stage !== "failed")
    throw new Error("The job did not fail.");
  return last.message;
}

/** What a job's stages say when all goes well, from `starting` on. */
export function outlineOfStages(names: readonly BuildStage[] = buildStages): string[] {
  return names.flatMap((stage) => [`started ${stage}`, `completed ${stage}`]);
}
