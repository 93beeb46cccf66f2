import { randomUUID } from "node:crypto";

/**
 * Names the life of one log: 80 random bits as 20 of 0-9a-f. Of a UUID, because Node draws the bits of many of those at once: each
 * draw is a system call, and every commit and every look at a log may need a name.
 */
export function randomEpoch(): string {
  // The parts without the digits that say which kind of UUID it is.
  const uuid = randomUUID();
  return uuid.slice(0, 8) + uuid.slice(-12);
}
