import type { StreamGapReason } from "@jobwire/shared";
import type { TRPCClientErrorLike } from "@trpc/client";
import type { AppRouter } from "@jobwire/server";

/** A `TRPCClientError`, typed by the server's router: `data` has `code`, `reason` and `httpStatus`. */
export type StreamError = TRPCClientErrorLike<AppRouter>;

/** How one stream is. */
export type StreamConnection =
  /** It is not watched. */
  | { readonly state: "idle" }
  /** The first attempt is under way. */
  | { readonly state: "connecting" }
  /** Events arrive as they happen. `recovered`: what the last reconnection brought. */
  | { readonly state: "live"; readonly recovered: Recovery | null }
  /** It was live, or could not be made; it is tried again by itself and continues where it was. */
  | {
      readonly state: "reconnecting";
      readonly error: StreamError | null;
      /** `null` while an attempt is under way. */
      readonly nextRetryAt: Date | null;
    }
  /** The server has said that nothing follows. */
  | { readonly state: "ended" }
  /** It ended with an error that trying again does not mend. */
  | { readonly state: "failed"; readonly error: StreamError };

/** What a stream got when it was back. */
export interface Recovery {
  readonly at: Date;
  /** How many events had happened meanwhile. */
  readonly events: number;
  /** Events that were missing for good; the state was taken from the server's snapshot instead. */
  readonly gap: StreamGapReason | null;
}

/** To be thrown. Links give an `Error`, of which the type of a stream's error says less. */
export function thrownOf(error: StreamError): Error {
  return error instanceof Error ? error : Object.assign(new Error(error.message), error);
}
