import { TRPCClientError } from "@trpc/client";
import type { AppRouter } from "@jobwire/server";
import { Attempt } from "../sse/attempt.js";
import { pause } from "../sse/retry-schedule.js";
import type { StreamError } from "./stream-connection.js";

/** A call of the server. The signal bounds it in time. */
export type Load<Loaded> = (signal: AbortSignal) => Promise<Loaded>;

const firstPauseMs = 500;
const maxPauseMs = 10_000;
/** So long an answer is waited for. */
const maxWaitMs = 30_000;

/**
 * Calls until there is an answer, with growing pauses while the server is away or busy.
 * @returns `null` once the signal is aborted.
 * @throws StreamError when trying again does not help.
 */
export async function keepLoading<Loaded>(load: Load<Loaded>, signal: AbortSignal): Promise<Loaded | null> {
  for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
    const attempt = new Attempt(signal, maxWaitMs);
    try {
      const loaded = await attempt.wait(() => load(attempt.signal));
      return signal.aborted ? null : loaded;
    } catch (error) {
      if (signal.aborted) break;
      if (isStreamError(error) && isFinal(error)) throw error;
    } finally {
      attempt.end();
    }
    await pause({ durationMs: pauseMs, signal });
  }
  return null;
}

export function isStreamError(error: unknown): error is TRPCClientError<AppRouter> {
  return error instanceof TRPCClientError;
}

function isFinal({ data }: StreamError): boolean {
  const status = data?.httpStatus;
  return status !== undefined && status < 500 && status !== 429;
}
