import { randomUUID } from "node:crypto";
import { defineTopic, timestampSchema } from "@jobwire/shared";
import { z } from "zod";
import type { Jobwire, TopicHandle } from "../topics/index.js";
import { beginning } from "./queue-reader.js";

/** How far a queue's events were read, and who reads them. It has no events: its state is all there is. */
const positionTopic = defineTopic("bullmq-position", {
  key: z.object({ queue: z.string() }),
  events: { "position.moved": z.object({}) },
  state: z.object({ position: z.string(), holder: z.string(), until: timestampSchema }),
  apply: (state) => state ?? { position: beginning, holder: "", until: new Date(0) },
});

type PositionTopic = TopicHandle<
  "bullmq-position",
  typeof positionTopic.key,
  typeof positionTopic.events,
  { position: string; holder: string; until: Date }
>;

const opened = new WeakMap<Jobwire, PositionTopic>();

const leaseMs = 10_000;

/** One of all processes reads a queue; when it is gone, another one goes on where it was. */
export class QueuePosition {
  readonly #me = randomUUID();
  readonly #topic: PositionTopic;

  constructor(
    private readonly jobwire: Jobwire,
    private readonly queue: string,
  ) {
    this.#topic = opened.get(jobwire) ?? jobwire.topic(positionTopic);
    opened.set(jobwire, this.#topic);
  }

  /** Becomes the one who reads, or stays it. @returns where to read on; `null`: another one reads. */
  async hold(): Promise<string | null> {
    const { state } = await this.#topic.change({ queue: this.queue }, (now) => {
      if (now && this.#isOthers(now)) return [];
      return { state: this.#mine(now ? now.position : beginning), events: [] };
    });
    return state && !this.#isOthers(state) ? state.position : null;
  }

  /** Everything up to there is done. @returns `false` when another one reads by now. */
  async move(position: string): Promise<boolean> {
    const { state } = await this.#topic.change({ queue: this.queue }, (now) =>
      now && this.#isOthers(now) ? [] : { state: this.#mine(position), events: [] },
    );
    return state !== null && !this.#isOthers(state);
  }

  /** Others need not wait until the lease is over. */
  async release(): Promise<void> {
    await this.#topic.change({ queue: this.queue }, (now) =>
      !now || this.#isOthers(now) ? [] : { state: { ...now, until: new Date(0) }, events: [] },
    );
  }

  #isOthers({ holder, until }: { readonly holder: string; readonly until: Date }): boolean {
    return holder !== this.#me && until > this.jobwire.now();
  }

  #mine(position: string) {
    return { position, holder: this.#me, until: new Date(this.jobwire.now().getTime() + leaseMs) };
  }
}
