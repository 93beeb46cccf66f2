/** Hears of the work of a process, to trace it. Without one nothing of this is done. */
export interface Telemetry {
  /** A commit, within whatever is under way. */
  committing<Result>(about: { scope: string; events: number }, run: () => Promise<Result>): Promise<Result>;
  /** A publisher's call. Whoever calls is the publisher of what is committed in it. */
  publishing<Result>(topic: string, run: () => Promise<Result>): Promise<Result>;
  /** The W3C `traceparent` of who publishes now; `undefined`: they have none. */
  publisher(): string | undefined;
  /** An event whose publisher has a `traceparent` was written to the streams of this process. */
  delivered(event: DeliveredEvent): void;
  /** A stream goes on after an id; `traceparent` is that of its client, if it sent one. */
  reconnected(service: string, traceparent: string | undefined): void;
  /** Runs a call for whoever sent this `traceparent`. */
  within(traceparent: string | undefined, run: () => void): void;
}

interface DeliveredEvent {
  readonly scope: string;
  readonly topic: string;
  readonly type: string;
  readonly traceparent: string;
  /** When it came from the store, in milliseconds since 1970. */
  readonly receivedAt: number;
}
