import type { Scheduler } from "fast-check";
import { expect } from "vitest";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import type { Reading } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

export interface RaceStageOptions {
  readonly scheduler: Scheduler;
  readonly maxEvents: number;
  /** Far more calls, answers and messages than any such race needs. */
  readonly maxLetThrough: number;
}

/** A store and two processes, of which every call, answer and message comes when the scheduler says so. */
export class RaceStage implements AsyncDisposable {
  readonly store: TroubledStore;
  readonly processes: readonly [TopicHubs, TopicHubs];
  #writing: Promise<void> = Promise.resolve();
  #messages: Promise<unknown> = Promise.resolve();
  #cuts = 0;

  constructor(private readonly options: RaceStageOptions) {
    this.store = new TroubledStore(options.maxEvents);
    this.processes = [new TopicHubs(this.store, rethrow), new TopicHubs(this.store, rethrow)];
    this.store.turn = (name) => this.turn(name);
    this.store.passage = (message, deliver) => {
      if (this.#cuts > 0) return;
      const delivered = this.turn("message").then(() => deliver(message));
      this.#messages = Promise.all([this.#messages, delivered]);
    };
  }

  /** Lets everything that is under way come to its end; from then on everybody is quick. */
  async play(acting: Promise<unknown>): Promise<void> {
    await this.#letAllThrough();
    await acting;
    this.store.turn = undefined;
    this.store.deliverMessages();
    this.store.restore();
  }

  turn(name: string): Promise<void> {
    return this.options.scheduler.schedule(Promise.resolve(), name);
  }

  /** What changes a log happens one after the other, as in a store. */
  write(change: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(change);
    return this.#writing;
  }

  /**
   * Messages are lost for a while, until the store says that it is back. What came over the old connection, answers as
   * well as messages, came before that.
   */
  async loseConnection(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    await this.turn("cut");
    this.#cuts += 1;
    await meanwhile();
    await this.turn("mend");
    await Promise.all([this.store.answered(), this.#messages]);
    this.#cuts -= 1;
    this.store.restore();
  }

  /**
   * The reader goes away at some moment.
   * @returns how much it has received then, with what was on its way to it: nothing is to come after that.
   */
  async leave(reading: Reading): Promise<number> {
    await this.turn("leave");
    // Not awaited: it may wait for an answer that comes when the scheduler says so.
    void reading[Symbol.asyncDispose]();
    await turnOfTheLoop();
    return reading.items.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.processes) await process[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }

  async #letAllThrough(): Promise<void> {
    const { scheduler, maxLetThrough } = this.options;
    let letThrough = 0;
    // What was let through asks for what comes next within a turn of the event loop.
    do {
      for (; scheduler.count() > 0; letThrough++) {
        if (letThrough === maxLetThrough) throw new Error("Somebody asks the store on and on.");
        await scheduler.waitNext(1);
      }
      await turnOfTheLoop();
    } while (scheduler.count() > 0);
  }
}

export async function expectComplete(reading: Reading): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, 3000, "The stream does not end.").unref());
  expect(await Promise.race([reading.ended, patience])).toBeUndefined();
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function rethrow(error: unknown): never {
  throw error;
}
