import type { SseHandler } from "@jobwire/server/sse";

/** A server that runs. Dispose it to stop: its streams are told to come back elsewhere, then it closes. */
export interface RunningExample extends AsyncDisposable {
  /** Where the router is. */
  readonly url: string;
  readonly sse: SseHandler;
}

/** How long streams may take to leave when the server stops. */
export const drainMs = 1000;
