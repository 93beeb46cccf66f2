/**
 * The text of tRPC's SSE frames. Source: `sseStreamProducer` of `@trpc/server`; an `EventSource` reads both alike, this
 * one spares the third line feed.
 */
export const sseText = {
  connected: (clientOptions: object) => `event: connected\ndata: ${JSON.stringify(clientOptions)}\n\n`,
  /** What a stream begins with: `connected`, with the id that the stream starts after where no event will say it. */
  opening: (connected: string, id: string | undefined) =>
    id === undefined ? connected : `${connected.slice(0, -1)}id: ${id}\n\n`,
  ping: "event: ping\ndata: \n\n",
  return: "event: return\ndata: \n\n",
  error: (json: string | undefined) => `event: serialized-error\ndata: ${json}\n\n`,
  data: (json: string | undefined, id?: string) =>
    id === undefined ? `data: ${json}\n\n` : `data: ${json}\nid: ${id}\n\n`,
  /**
   * An `EventSource` gives an event without an id the last one it knows: this one takes the id away and sets it back
   * with an event nobody listens to.
   */
  untracked: (json: string | undefined, lastEventId: string) =>
    `data: ${json}\nid: \n\nevent: restore-id\ndata: \nid: ${lastEventId}\n\n`,
  /** For how long an `EventSource` waits before it connects again. */
  retry: (ms: number) => `retry: ${Math.round(ms)}\n\n`,
};

/** The frames of plain SSE, for consumers without tRPC. */
export const plainText = {
  data: (json: string, id: string) => `data: ${json}\nid: ${id}\n\n`,
  heartbeat: "event: heartbeat\ndata: {}\n\n",
  /** As that of `sseText`. The id comes with a heartbeat: parsers drop the id of a frame without data. */
  opening: (id: string | undefined) => (id === undefined ? "" : `event: heartbeat\ndata: {}\nid: ${id}\n\n`),
  /** Nothing follows: close, do not connect again. */
  complete: "event: complete\ndata: {}\n\n",
};

/** Headers that keep proxies from buffering or transforming a stream. */
export const sseHeaders = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;
