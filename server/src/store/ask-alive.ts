import { setImmediate as nextTurn } from "node:timers/promises";
import type { Redis } from "ioredis";
import { isRedisAnswer, MissingRights } from "./redis-error.js";

/**
 * Asks a server for what it answers at once, to learn whether it is still there: one that vanished without a word looks
 * like one that has nothing to say. A long reply that is under way holds the answer up, and so does a process of ours
 * that was busy: as long as anything comes, nobody has vanished.
 * @returns `null` when there is no answer yet.
 * @throws what the server said instead, or the timeout when nothing came at all; the connection is then made anew.
 */
export async function askAlive<Answer>(redis: Redis, ask: () => Promise<Answer>): Promise<Answer | null> {
  const { stream } = redis;
  const receivedBefore = stream.bytesRead;
  try {
    return await ask();
  } catch (error) {
    if (isRedisAnswer(error) || error instanceof MissingRights) throw error;
    // What came while this process was busy is read in the next turn of the event loop.
    await nextTurn();
    if (redis.status !== "ready") throw error;
    if (redis.stream === stream && stream.bytesRead > receivedBefore) return null;
    redis.disconnect(true);
    throw error;
  }
}
