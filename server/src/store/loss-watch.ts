import type { Redis } from "ioredis";
import { askAlive } from "./ask-alive.js";
import { randomEpoch } from "./epoch.js";
import { isRedisAnswer, isRightMissing, redisErrorToken } from "./redis-error.js";

/** Answers of a server that is there and has nothing to do with the data any more, or not yet. */
const notServing: ReadonlySet<string> = new Set([
  "LOADING",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "READONLY",
  "MOVED",
]);

/** A server that is watched, and a key of its own that marks the life of its data. */
export interface Watched {
  readonly redis: Redis;
  readonly key: string;
}

/**
 * Notices that a Redis has lost its data while every connection stayed open, as after FLUSHALL: a mark that was there is
 * gone or another one. A topic that will never get another event would otherwise never hear of it. Notices also a server
 * that vanished without a word: its connection is given up.
 */
export class LossWatch {
  readonly #known = new Map<string, string>();

  constructor(private readonly onLoss: () => void) {}

  /** What is found next counts as what was there. */
  forget(): void {
    this.#known.clear();
  }

  /** @returns what those said instead that did not answer. */
  async check(watched: readonly Watched[]): Promise<unknown[]> {
    const outcomes = await Promise.allSettled(watched.map((each) => this.#look(each)));
    const failures: unknown[] = [];
    for (const outcome of outcomes) if (outcome.status === "rejected") failures.push(outcome.reason);
    return failures;
  }

  async #look({ redis, key }: Watched): Promise<void> {
    try {
      const mark = await askAlive(redis, () => readMark(redis, key));
      if (mark === null) return;
      const known = this.#known.get(key);
      this.#known.set(key, mark);
      if (known !== undefined && known !== mark) this.onLoss();
    } catch (error) {
      const token = redisErrorToken(error);
      if (isRedisAnswer(error) && !(token !== null && (notServing.has(token) || isRightMissing(error))))
        return;
      throw error;
    }
  }
}

/**
 * The mark that is there, or a new one. Asked for with a write that changes nothing: a master that has become a replica
 * would go on answering readers, and never hear of anything new.
 */
async function readMark(redis: Redis, key: string): Promise<string | null> {
  const [mark] = await Promise.all([redis.get(key), redis.persist(key)]);
  if (mark !== null) return mark;
  await redis.set(key, randomEpoch(), "NX");
  return redis.get(key);
}
