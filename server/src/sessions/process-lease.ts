import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { defineTopic } from "@jobwire/shared";
import { z } from "zod";
import type { Jobwire } from "../topics/index.js";

/** A server process, for as long as it says that it is there. */
const processTopic = defineTopic("server-process", {
  key: z.object({ processId: z.string() }),
  events: { "process.ended": z.object({}) },
  ends: ["process.ended"],
  /** `isLost`: it has not said so in time, and cannot any more. */
  state: z.object({ isLost: z.boolean(), checkAt: z.date() }),
  apply: (state) => {
    if (!state) throw new Error("a process begins with its lease");
    return { ...state, isLost: true };
  },
});

const leaseMs = 12_000;
/** From when a process is lost to when its sessions are ended. */
const lostMs = 1000;

/** How often it is to be renewed: a few renewals may fail, in a process that is busy. */
export const renewIntervalMs = 2000;

/**
 * Says that this server process is alive. When it is killed that lapses, by the store's clock, and with it its sessions. A process
 * that comes back after that goes by another name, so that what is done to the sessions of the lost one is not done to its own.
 */
export class ProcessLease {
  readonly #name = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  readonly #topic;
  #heldUntil = 0;
  #lapses = 0;

  /** @param endSessionsOf Is called for each process that is lost, on one of those that are alive. */
  constructor(
    private readonly jobwire: Jobwire,
    endSessionsOf: (processId: string) => Promise<void>,
  ) {
    this.#topic = jobwire.topic(processTopic, {
      due: ({ checkAt }) => checkAt,
      onDue: async ({ processId }, { isLost }) => {
        if (!isLost) return { state: { isLost: true, checkAt: this.#inMs(lostMs) }, events: [] };
        await endSessionsOf(processId);
        return { type: "process.ended" };
      },
      // That it has ended is all that there is to know of it.
      retainMs: 1000,
    });
  }

  /** Names the process to services. */
  get id(): string {
    return this.#lapses === 0 ? this.#name : `${this.#name}-${this.#lapses + 1}`;
  }

  /** As far as this process knows. A session that is opened without it counts as gone. */
  get isHeld(): boolean {
    return performance.now() < this.#heldUntil;
  }

  /** How often it was lost: each time others may have taken the sessions of this process for gone. */
  get lapses(): number {
    return this.#lapses;
  }

  /** @throws AppError `STORE_UNAVAILABLE` */
  async renew(): Promise<void> {
    const askedAt = performance.now();
    const isFirst = this.#heldUntil === 0;
    let isLost = false;
    await this.#topic.change({ processId: this.id }, (known) => {
      isLost = known ? known.isLost : !isFirst;
      return isLost ? [] : { state: { isLost, checkAt: this.#inMs(leaseMs) }, events: [] };
    });
    if (isLost) {
      this.#lapses += 1;
      this.#heldUntil = 0;
      return this.renew();
    }
    this.#heldUntil = askedAt + leaseMs;
  }

  /** @throws AppError `STORE_UNAVAILABLE`: it lapses by itself. */
  async release(): Promise<void> {
    await this.#topic.remove({ processId: this.id });
  }

  /** In the order of their ids. To be asked after reading the sessions: a process is listed before it has any. */
  async alive(): Promise<ReadonlySet<string>> {
    const ids: string[] = [];
    for await (const { key, state } of this.#topic.all())
      if (!state.isLost && state.checkAt > this.jobwire.now()) ids.push(key.processId);
    return new Set(ids);
  }

  #inMs(ms: number): Date {
    return new Date(this.jobwire.now().getTime() + ms);
  }
}
