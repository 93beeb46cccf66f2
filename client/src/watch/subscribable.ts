import type { ConnectionState } from "../connection-state.js";

/** What a link says of its connection: tRPC's words, and from `sseLink` all that it knows. */
export interface LinkState {
  readonly state: "idle" | "connecting" | "pending";
  readonly error: Error | null;
  readonly connection?: ConnectionState;
}

export interface SubscriptionCallbacks<Data> {
  readonly onData: (data: Data) => void;
  readonly onError: (error: Error) => void;
  readonly onComplete: () => void;
  readonly onConnectionStateChange: (state: LinkState) => void;
}

/** A subscription of any tRPC client: `trpc.orders.events`. */
export interface Subscribable {
  readonly subscribe: (input: never, callbacks: never) => unknown;
}

export type InputOf<Procedure extends Subscribable> = Parameters<Procedure["subscribe"]>[0];

/** The event that a subscription yields, without the envelope of a tracked value. */
export type EventOfProcedure<Procedure extends Subscribable> = EventIn<DataOf<Procedure>>;

/**
 * What a subscription yields: of a tracked value the pair of its id and its data. Clients of tRPC 11 that can be iterated say
 * it by what they return, those before by what they call back with.
 */
export type DataOf<Procedure extends Subscribable> =
  ReturnType<Procedure["subscribe"]> extends AsyncIterable<infer Data>
    ? Data
    : NonNullable<Parameters<Procedure["subscribe"]>[1]> extends { onData?: (data: infer Data) => void }
      ? Data
      : never;

type EventIn<Data> = Data extends { readonly id: string; readonly data: infer Event } ? Event : Data;

export interface Received {
  /** Absent when the value is not tracked. */
  readonly id: string | undefined;
  readonly event: unknown;
}

/** A tracked value comes as the pair of its id and its data. */
export function receivedOf(data: unknown): Received {
  if (
    typeof data === "object" &&
    data !== null &&
    "id" in data &&
    "data" in data &&
    typeof data.id === "string"
  )
    return { id: data.id, event: data.data };
  return { id: undefined, event: data };
}

/** Subscribes to any procedure. @returns what ends it */
export function subscribeTo({ subscribe }: Subscribable, input: unknown, callbacks: object): () => void {
  // With callbacks a client returns what ends the subscription, whatever the types of the procedure are.
  const called = subscribe as (input: unknown, callbacks: object) => { unsubscribe(): void };
  const subscription = called(input, callbacks);
  return () => subscription.unsubscribe();
}
