import { defineTopic, workerSchema, type Worker, type WorkOfferInput } from "@jobwire/shared";
import { z } from "zod";
import type { Jobwire } from "../topics/index.js";

/** A worker, for as long as it says that it is there. */
const workerTopic = defineTopic("worker", {
  key: workerSchema.pick({ workerId: true }),
  events: { "worker.came": z.object({}), "worker.left": z.object({}) },
  ends: ["worker.left"],
  state: workerSchema,
  apply: (state, { type }) => {
    if (!state) throw new Error("a worker begins with its offer");
    return type === "worker.left" ? { ...state, leaseExpiresAt: longAgo } : state;
  },
});

/** Until when the lease of one that has left holds. */
const longAgo = new Date(0);

function isGone({ leaseExpiresAt }: Worker): boolean {
  return leaseExpiresAt.getTime() === longAgo.getTime();
}

/** How long an answer about pipelines may be old. */
const freshMs = 1000;

export interface OfferedPipeline {
  readonly projects: readonly string[];
  readonly workers: number;
}

/** Who offers to work, on what. */
export class WorkerRegistry {
  readonly #topic;
  #pipelines: Promise<ReadonlyMap<string, OfferedPipeline>> | undefined;

  constructor(private readonly jobwire: Jobwire) {
    this.#topic = jobwire.topic(workerTopic, {
      due: ({ leaseExpiresAt }) => leaseExpiresAt,
      onDue: () => ({ type: "worker.left" }),
      // That it has gone is all that there is to know of it.
      retainMs: 1000,
    });
  }

  /** Says that the worker is there, for `leaseMs`. */
  async offer({ leaseMs, ...offer }: WorkOfferInput): Promise<Worker> {
    const { workerId } = offer;
    for (;;) {
      const { state } = await this.#topic.change({ workerId }, (known) => {
        if (known && isGone(known)) return [];
        const now = this.jobwire.now();
        const leaseExpiresAt = new Date(now.getTime() + leaseMs);
        const worker = { ...offer, since: known?.since ?? now, leaseExpiresAt };
        return { state: worker, events: known ? [] : [{ type: "worker.came" }] };
      });
      if (state && !isGone(state)) return state;
      // It was taken for gone, and is back.
      await this.#topic.remove({ workerId }, { when: isGone });
    }
  }

  async leave(workerId: string): Promise<void> {
    await this.#topic.remove({ workerId });
  }

  async list(): Promise<Worker[]> {
    const workers: Worker[] = [];
    for await (const { state } of this.#topic.all()) workers.push(state);
    const now = this.jobwire.now();
    return workers.filter(({ leaseExpiresAt }) => leaseExpiresAt > now);
  }

  /** By name; as it was a moment ago. */
  pipelines(): Promise<ReadonlyMap<string, OfferedPipeline>> {
    if (!this.#pipelines) {
      this.#pipelines = this.list().then(pipelinesOf);
      const forget = () => (this.#pipelines = undefined);
      this.#pipelines.then(() => setTimeout(forget, freshMs).unref(), forget);
    }
    return this.#pipelines;
  }
}

function pipelinesOf(workers: readonly Worker[]): ReadonlyMap<string, OfferedPipeline> {
  const names = new Set(workers.flatMap(({ pipelines }) => pipelines));
  return new Map(
    [...names].toSorted().map((name) => {
      const offering = workers.filter(({ pipelines }) => pipelines.includes(name));
      const projects = [...new Set(offering.flatMap((worker) => worker.projects))].toSorted();
      return [name, { projects, workers: offering.length }];
    }),
  );
}
