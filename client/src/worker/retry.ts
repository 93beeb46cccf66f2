import { setTimeout as delay } from "node:timers/promises";
import type { AppRouter } from "@jobwire/server";
import { isTRPCClientError } from "@trpc/client";
import { timerMs } from "../timer-ms.js";
import { startDeadline } from "./deadline.js";

/** One call of the server. The signal bounds it in time. */
export type Attempt<Result> = (signal: AbortSignal) => Promise<Result>;

export interface RetryOptions {
  /** Ends the attempts: the call rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Told about each failure that is tried again. */
  onRetry(error: unknown): void;
}

/**
 * Calls the server again, with growing pauses, while it is away or busy.
 * @throws what the server answered when trying again would not help; the signal's reason when that ends it.
 */
export async function retryTransient<Result>(
  attempt: (signal: AbortSignal, failures: number) => Promise<Result>,
  { signal, onRetry }: RetryOptions,
): Promise<Result> {
  for (let failures = 0; ; failures += 1) {
    signal.throwIfAborted();
    using deadline = startDeadline(attemptTimeoutMs, signal);
    try {
      return await attempt(deadline.signal, failures);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      onRetry(error);
    }
    await pause(backoffMs(failures), signal);
  }
}

/**
 * Like `retryTransient` for a change that the server refuses the second time. An attempt whose answer was lost may
 * have made the change: a later refusal then asks `findMade`, which says what was made, or `null`.
 */
export async function retryChange<Result>(
  change: Attempt<Result>,
  findMade: Attempt<Result | null>,
  options: RetryOptions,
): Promise<Result> {
  return retryTransient(async (signal, failures) => {
    try {
      return await change(signal);
    } catch (error) {
      const made = failures > 0 && codeOf(error) === "CONFLICT" ? await findMade(signal) : null;
      if (made === null) throw error;
      return made;
    }
  }, options);
}

/** The tRPC code of the server's answer; `undefined` when there was none. */
export function codeOf(error: unknown): string | undefined {
  return isTRPCClientError<AppRouter>(error) ? error.data?.code : undefined;
}

/** Between half and all of 200 ms, doubled with each failure up to 5 s: workers that lost one server do not return in step. */
export function backoffMs(failures: number): number {
  return Math.min(200 * 2 ** failures, 5000) * (0.5 + Math.random() / 2);
}

/** @throws the signal's reason when it is aborted meanwhile. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await delay(timerMs(durationMs), undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** A connection that died without a word would otherwise hold a call for minutes. */
const attemptTimeoutMs = 10_000;

const transientCodes: ReadonlySet<string> = new Set([
  "INTERNAL_SERVER_ERROR",
  "BAD_GATEWAY",
  "SERVICE_UNAVAILABLE",
  "GATEWAY_TIMEOUT",
  "TIMEOUT",
  "TOO_MANY_REQUESTS",
  // The next attempt asks the client's token source again, which may have a fresh one by then.
  "UNAUTHORIZED",
]);

function isTransient(error: unknown): boolean {
  if (!isTRPCClientError(error)) return false;
  const code = codeOf(error);
  return code === undefined || transientCodes.has(code);
}
