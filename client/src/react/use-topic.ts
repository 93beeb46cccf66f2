import {
  topicKeyText,
  type AnyTopic,
  type DefinitionOf,
  type KeyOf,
  type StateOf,
  type StreamEventOf,
} from "@jobwire/shared";
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { beginningOf, beginsLate, foldEvent, nothingFolded, type Folded } from "../watch/topic-fold.js";
import {
  subscribeTo,
  type EventOfProcedure,
  type InputOf,
  type Subscribable,
} from "../watch/subscribable.js";
import { followSubscription, type Tracked } from "./follow-subscription.js";
import { SharedStream, type StreamSnapshot, type StreamSource } from "./shared-stream.js";
import type { StreamConnection } from "./stream-connection.js";

/** A subscription that yields the stream of a topic: `procedure.input(t.streamInput).subscription(…)`. */
type ProcedureOf<Topic extends AnyTopic, Procedure extends Subscribable> =
  KeyOf<Topic> extends InputOf<Procedure>
    ? EventOfProcedure<Procedure> extends StreamEventOf<Topic>
      ? Procedure
      : never
    : never;

export interface UseTopicOptions {
  /** Nothing is streamed. */
  readonly skip?: boolean;
}

export interface TopicView<Topic extends AnyTopic> {
  /** What the events have come to; `null` until there was one, and where the definition has no state. */
  readonly state: StateOf<Topic> | null;
  /** The newest 1000, oldest first, gaps included. */
  readonly events: readonly StreamEventOf<Topic>[];
  readonly connection: StreamConnection;
  /** That of `connection`; `idle` when skipped. */
  readonly status: StreamConnection["state"] | "idle";
}

const maxEvents = 1000;

/**
 * Follows one log and folds it with the reducer of its definition:
 * `const { state, events, status } = useTopic(order, trpc.orders.events, { orderId })`.
 * Needs no provider. Another key begins anew.
 */
export function useTopic<Topic extends AnyTopic, Procedure extends Subscribable>(
  definition: Topic & DefinitionOf<Topic>,
  procedure: Procedure & ProcedureOf<NoInfer<Topic>, Procedure>,
  key: KeyOf<NoInfer<Topic>>,
  { skip = false }: UseTopicOptions = {},
): TopicView<Topic> {
  // A tRPC client may make its procedures anew each time they are named.
  const latest = useRef({ procedure, key });
  useEffect(() => {
    latest.current = { procedure, key };
  });
  const keyText = topicKeyText(definition.key, key);
  // The key is named by its text: another object with the same fields is the same key.
  const stream = useMemo(() => openTopic<Topic>(definition, () => latest.current), [definition, keyText]);
  const subscribe = skip ? subscribeToNothing : stream.subscribe;
  const { state: view, connection } = useSyncExternalStore(subscribe, stream.read, stream.read);
  return {
    state: view.folded.state,
    events: view.events,
    connection,
    status: skip ? "idle" : connection.state,
  };
}

interface View<Topic extends AnyTopic> {
  readonly folded: Folded<StateOf<Topic>>;
  readonly events: readonly StreamEventOf<Topic>[];
}

function openTopic<Topic extends AnyTopic>(
  definition: DefinitionOf<Topic>,
  target: () => { readonly procedure: Subscribable; readonly key: KeyOf<Topic> },
) {
  type Item = Tracked<StreamEventOf<Topic>>;
  const source: StreamSource<View<Topic>, Item> = {
    reduce: (view, items) => ({
      folded: items.reduce(
        (folded, { id, data }) => foldEvent<Topic>(definition, folded, { id, event: data }),
        view.folded,
      ),
      events: [...view.events, ...items.map(({ data }) => data)].slice(-maxEvents),
    }),
    open(sink) {
      const { procedure, key } = target();
      let hasBegun = false;
      let stop = () => {};
      const start = (lastEventId?: string) => {
        stop = followSubscription<StreamEventOf<Topic>>(
          (callbacks) => ({
            // Its types were matched with those of the definition where it came in.
            unsubscribe: subscribeTo(
              procedure,
              { ...key, ...(lastEventId !== undefined && { lastEventId }) },
              callbacks,
            ),
          }),
          {
            connect: sink.connect,
            push(item) {
              const isLate = !hasBegun && definition.state !== null && beginsLate(item.id);
              hasBegun = true;
              if (!isLate || item.data.type === "stream.gap") return sink.push(item);
              // The state cannot be made of what is left of the log: asked for from the beginning, the server sends it.
              stop();
              start(beginningOf(item.id));
            },
          },
        );
      };
      start();
      return () => stop();
    },
  };
  const initial: StreamSnapshot<View<Topic>> = {
    state: { folded: nothingFolded, events: [] },
    connection: { state: "connecting" },
  };
  const open = () =>
    new SharedStream<View<Topic>, Item>(source, {
      initial,
      onConnection: () => {},
      onClosed: () => {
        shared = undefined;
      },
    });
  let shared: SharedStream<View<Topic>, Item> | undefined;
  return {
    subscribe: (listener: () => void) => (shared ??= open()).subscribe(listener),
    read: () => shared?.snapshot ?? initial,
  };
}

function subscribeToNothing(): () => void {
  return () => {};
}
