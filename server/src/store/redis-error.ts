import { AppError } from "../app-error.js";

/** Replies that say "not now": the server is loading, failing over, full or read-only. */
const notNow = /^(LOADING|MASTERDOWN|READONLY|OOM|MISCONF|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS|UNBLOCKED)\b/;

/** A lost connection, a timeout or a "not now" becomes `STORE_UNAVAILABLE`; anything else is a defect and stays. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof Error && error.name === "ReplyError" && !notNow.test(error.message)) return error;
  return new AppError("STORE_UNAVAILABLE", "The event store does not answer; try again shortly.", {
    cause: error,
  });
}

/** The answer of Redis, or a rejection that says what it means for callers. */
export async function answer<Value>(reply: Promise<Value>): Promise<Value> {
  try {
    return await reply;
  } catch (error) {
    throw toStoreError(error);
  }
}
