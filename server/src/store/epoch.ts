import { randomBytes } from "node:crypto";

/** Names the life of one log: 80 random bits, lower-case letters and digits. */
export function randomEpoch(): string {
  return randomBytes(10).toString("hex");
}
