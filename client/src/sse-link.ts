import { TRPCClientError, type TRPCLink } from "@trpc/client";
import {
  getTransformer,
  type TransformerOptions,
  type TRPCConnectionState,
} from "@trpc/client/unstable-internals";
import type { AnyTRPCRouter, inferTRPCClientTypes, TRPCPathSeparator } from "@trpc/server";
import { observable } from "@trpc/server/observable";
import { createConnectionMonitor, type ConnectionMonitor, type ConnectionState } from "./connection-state.js";
import { openStream, type StreamSettings, type StreamValue } from "./open-stream.js";
import { connectionErrorOf } from "./sse/stream-failure.js";

/** Where the router is, and how it is spoken to. Only `url`, and the router's `transformer` if it has one, are needed. */
export type SseLinkOptions<Router extends AnyTRPCRouter> = Omit<StreamSettings, "monitor"> & {
  /** Told the state of every stream of this link. */
  readonly monitor?: ConnectionMonitor;
  /** As the server has it. `.` when left out. */
  readonly pathSeparator?: TRPCPathSeparator;
} & TransformerOptions<inferTRPCClientTypes<Router>>;

/** What `onConnectionStateChange` is given by this link: tRPC's state, and ours with more to tell. */
export type SseConnectionState<Error> = TRPCConnectionState<Error> & { readonly connection: ConnectionState };

/**
 * A terminating link for subscriptions over Server-Sent Events, in place of tRPC's `httpSubscriptionLink`. It reads with
 * `fetch`, so it needs no `EventSource`, and sends headers and a token that are asked for anew before every attempt. A
 * broken stream is connected again after the last id it has passed on.
 */
export function sseLink<Router extends AnyTRPCRouter>(options: SseLinkOptions<Router>): TRPCLink<Router> {
  const transformer = getTransformer(options.transformer);
  const { pathSeparator = ".", monitor = createConnectionMonitor() } = options;
  const settings: StreamSettings = { ...options, monitor };
  return () =>
    ({ op: { type, path, input, signal } }) =>
      observable((observer) => {
        if (type !== "subscription")
          throw new Error(`sseLink serves subscriptions only, not the ${type} ${path}.`);
        const stream = openStream(settings, { path, input, transformer, pathSeparator }, signal);
        let isLeft = false;
        const leave = () => {
          isLeft = true;
          unsubscribe();
          stream.leave();
        };
        const unsubscribe = stream.connection.subscribe(() => {
          const connection = stream.connection.getSnapshot();
          try {
            if (connection.state === "live") observer.next({ result: { type: "started" } });
            if (connection.state !== "idle") observer.next({ result: stateOf<Router>(connection) });
          } catch (error) {
            // As what `onData` throws: it ends the subscription.
            leave();
            observer.error(TRPCClientError.from(connectionErrorOf(error)));
          }
        });
        const passOn = async () => {
          for await (const value of stream.values) {
            if (isLeft) return;
            observer.next({ result: resultOf(value) });
          }
          if (isLeft) return;
          observer.next({ result: { type: "stopped" } });
          observer.next({ result: stateOf<Router>(stream.connection.getSnapshot()) });
          observer.complete();
        };
        passOn().catch((error: Error) => observer.error(TRPCClientError.from(error)));
        return leave;
      });
}

/** A tracked value is the pair of its id and its data, as with tRPC's own link. */
function resultOf({ id, data }: StreamValue) {
  return id === undefined ? { data } : { id, data: { id, data } };
}

function stateOf<Router extends AnyTRPCRouter>(
  connection: ConnectionState,
): SseConnectionState<TRPCClientError<Router>> {
  const { state, lastError } = connection;
  if (state === "live") return { type: "state", state: "pending", error: null, connection };
  if (state === "idle") return { type: "state", state: "idle", error: null, connection };
  const error = lastError && TRPCClientError.from<Router>(lastError);
  return { type: "state", state: "connecting", error, connection };
}
