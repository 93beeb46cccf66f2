/**
 * The text of tRPC's SSE frames. Source: `sseStreamProducer` of `@trpc/server`; an `EventSource` reads both alike, this
 * one spares the third line feed.
 */
export const sseText = {
  connected: (clientOptions: object) => `event: connected\ndata: ${JSON.stringify(clientOptions)}\n\n`,
  ping: "event: ping\ndata: \n\n",
  return: "event: return\ndata: \n\n",
  error: (json: string | undefined) => `event: serialized-error\ndata: ${json}\n\n`,
  data: (json: string | undefined, id?: string) =>
    id === undefined ? `data: ${json}\n\n` : `data: ${json}\nid: ${id}\n\n`,
  /** For how long an `EventSource` waits before it connects again. */
  retry: (ms: number) => `retry: ${Math.round(ms)}\n\n`,
};

/** The frames of plain SSE, for consumers without tRPC. */
export const plainText = {
  data: (json: string, id: string) => `data: ${json}\nid: ${id}\n\n`,
  heartbeat: "event: heartbeat\ndata: {}\n\n",
  /** Nothing follows: close, do not connect again. */
  complete: "event: complete\ndata: {}\n\n",
};

/** Headers that keep proxies from buffering or transforming a stream. */
export const sseHeaders = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;
