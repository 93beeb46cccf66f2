import { Redis } from "ioredis";
import { z } from "zod";
import { rawEntriesSchema, readEntry, type QueueEntry } from "./queue-entry.js";

export interface QueueRead {
  /** Those after the position, oldest first, at most a few hundred. */
  readonly entries: readonly QueueEntry[];
  /** Where to read on; `null`: there is nothing after the position. */
  readonly next: string | null;
  /** The newest entry up to the position. It is the one at the position, unless that was trimmed, and others after it perhaps too. */
  readonly before: string;
}

const batchSize = 500;
const blockMs = 2000;

/** Before the first entry. */
export const beginning = "0-0";

/** Reads the stream of events of a queue. Every call rejects while Redis is away, and works again when it is back. */
export class QueueReader implements Disposable {
  readonly #redis: Redis;

  constructor(
    url: string,
    private readonly key: string,
  ) {
    this.#redis = new Redis(url, { maxRetriesPerRequest: 0, commandTimeout: 2 * blockMs });
    // Each call says it too.
    this.#redis.on("error", () => {});
  }

  /** What follows, and in the same step whether anything may have been trimmed unread. */
  async read(position: string): Promise<QueueRead> {
    const replies = await this.#redis
      .multi()
      .xrevrange(this.key, position, "-", "COUNT", 1)
      .xread("COUNT", batchSize, "STREAMS", this.key, position)
      .exec();
    const [[, before], [, streams]] = z
      .tuple([
        z.tuple([z.null(), rawEntriesSchema]),
        z.tuple([z.null(), z.array(z.tuple([z.string(), rawEntriesSchema])).nullable()]),
      ])
      .parse(replies);
    const raw = streams?.[0]?.[1] ?? [];
    return {
      entries: raw.map(readEntry).filter((entry) => entry !== null),
      next: raw.at(-1)?.[0] ?? null,
      before: before[0]?.[0] ?? beginning,
    };
  }

  /** Resolves when something may follow the position; at the latest after two seconds. */
  async wait(position: string): Promise<void> {
    await this.#redis.xread("COUNT", 1, "BLOCK", blockMs, "STREAMS", this.key, position);
  }

  [Symbol.dispose](): void {
    this.#redis.disconnect();
  }
}
