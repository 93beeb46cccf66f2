"use client";

import {
  topicKeyText,
  type AnyTopic,
  type DefinitionOf,
  type KeyOf,
  type StreamEventOf,
} from "@jobwire/shared";
import { useMemo } from "react";
import type { Tracked } from "../live/follow-subscription.js";
import { topicPool, type WatchedTopic } from "../live/watched-topic.js";
import type { StreamConnection, StreamError } from "../live/stream-connection.js";
import type { StreamSnapshot } from "../live/shared-stream.js";
import type { DataOf, InputOf, Subscribable } from "../watch/subscribable.js";
import {
  itself,
  type Choosing,
  type Connected,
  type Selecting,
  type SkipOptions,
  type Whole,
} from "./stream-result.js";
import { useSelection } from "./use-selection.js";
import { useSuspenseSelection } from "./use-suspense-selection.js";

/** A subscription that yields the stream of a topic, each event with its id: `procedure.input(t.streamInput).subscription(…)`. */
type ProcedureOf<Topic extends AnyTopic, Procedure extends Subscribable> =
  KeyOf<Topic> extends InputOf<Procedure>
    ? DataOf<Procedure> extends Tracked<StreamEventOf<Topic>>
      ? Procedure
      : never
    : never;

/** Whether a log is followed. */
export interface UseTopicOptions extends SkipOptions {}

/** What has come of a log. `status` is the state of its connection; `error` is there when that has failed. */
export type TopicView<Topic extends AnyTopic> = WatchedTopic<Topic> &
  Connected &
  (
    | { readonly status: Exclude<StreamConnection["state"], "failed">; readonly error: null }
    | { readonly status: "failed"; readonly error: StreamError }
  );

/**
 * Follows one log and folds it with the reducer of its definition:
 * `const { state, events, status } = useTopic(order, trpc.orders.events, { orderId })`.
 * Needs no provider. Components that follow the same log through the same procedure share one stream. Another key begins
 * anew; another client needs another `key` of the component.
 */
export function useTopic<Topic extends AnyTopic, Procedure extends Subscribable, Selected>(
  definition: Topic & DefinitionOf<Topic>,
  procedure: Procedure & ProcedureOf<NoInfer<Topic>, Procedure>,
  key: KeyOf<NoInfer<Topic>>,
  options: UseTopicOptions & Selecting<TopicView<NoInfer<Topic>>, Selected>,
): Selected;
export function useTopic<Topic extends AnyTopic, Procedure extends Subscribable>(
  definition: Topic & DefinitionOf<Topic>,
  procedure: Procedure & ProcedureOf<NoInfer<Topic>, Procedure>,
  key: KeyOf<NoInfer<Topic>>,
  options?: UseTopicOptions & Whole,
): TopicView<Topic>;
export function useTopic<Topic extends AnyTopic, Procedure extends Subscribable, Selected>(
  definition: Topic & DefinitionOf<Topic>,
  procedure: Procedure & ProcedureOf<NoInfer<Topic>, Procedure>,
  key: KeyOf<NoInfer<Topic>>,
  { skip = false, select = itself }: UseTopicOptions & Choosing<TopicView<Topic>, Selected> = {},
): TopicView<Topic> | Selected {
  const { pool, input } = useWatchedKey<Topic>(definition, procedure, key);
  const store = useMemo(() => pool.storeOf(skip ? null : { input }), [pool, input, skip]);
  const viewOf = useMemo(() => viewsOf<Topic>(skip), [skip]);
  return useSelection(store, viewOf, select);
}

/**
 * The same for who would rather suspend until something has come of the log, or it is known to be empty. A server renders the
 * fallback. The procedure is to be the same object each time, as that of a tRPC client is.
 * @throws StreamError to the error boundary when the stream fails before.
 */
export function useSuspenseTopic<Topic extends AnyTopic, Procedure extends Subscribable, Selected>(
  definition: Topic & DefinitionOf<Topic>,
  procedure: Procedure & ProcedureOf<NoInfer<Topic>, Procedure>,
  key: KeyOf<NoInfer<Topic>>,
  options: Selecting<TopicView<NoInfer<Topic>>, Selected>,
): Selected;
export function useSuspenseTopic<Topic extends AnyTopic, Procedure extends Subscribable>(
  definition: Topic & DefinitionOf<Topic>,
  procedure: Procedure & ProcedureOf<NoInfer<Topic>, Procedure>,
  key: KeyOf<NoInfer<Topic>>,
  options?: Whole,
): TopicView<Topic>;
export function useSuspenseTopic<Topic extends AnyTopic, Procedure extends Subscribable, Selected>(
  definition: Topic & DefinitionOf<Topic>,
  procedure: Procedure & ProcedureOf<NoInfer<Topic>, Procedure>,
  key: KeyOf<NoInfer<Topic>>,
  { select = itself }: Choosing<TopicView<Topic>, Selected> = {},
): TopicView<Topic> | Selected {
  const { pool, input } = useWatchedKey<Topic>(definition, procedure, key);
  const store = useMemo(() => pool.storeOf({ input }), [pool, input]);
  const viewOf = useMemo(() => viewsOf<Topic>(false), []);
  return useSuspenseSelection(store, viewOf, {
    hasFirst: false,
    isKnown: (view): view is TopicView<Topic> =>
      view.events.length > 0 ||
      view.status === "live" ||
      view.status === "ended" ||
      (view.status !== "failed" && pool.isReady(input)),
    select,
    ready: () => pool.ready(input),
  });
}

/** The key is named by its text: another object with the same fields is the same key. */
function useWatchedKey<Topic extends AnyTopic>(
  definition: DefinitionOf<Topic>,
  procedure: Subscribable,
  key: KeyOf<Topic>,
) {
  const keyText = topicKeyText(definition.key, key);
  // Not the procedure: a client may make it anew each time it is named.
  return useMemo(
    () => ({ pool: topicPool<Topic>(definition, procedure), input: key }),
    [definition, keyText],
  );
}

/** The view of a snapshot; the same object for the same snapshot. */
function viewsOf<Topic extends AnyTopic>(skip: boolean) {
  const views = new WeakMap<StreamSnapshot<WatchedTopic<Topic>>, TopicView<Topic>>();
  const make = ({ state, connection }: StreamSnapshot<WatchedTopic<Topic>>): TopicView<Topic> => {
    const { state: folded, events } = state;
    if (skip) return { state: folded, events, connection: { state: "idle" }, status: "idle", error: null };
    return connection.state === "failed"
      ? { state: folded, events, connection, status: "failed", error: connection.error }
      : { state: folded, events, connection, status: connection.state, error: null };
  };
  return (snapshot: StreamSnapshot<WatchedTopic<Topic>>) => {
    const made = views.get(snapshot) ?? make(snapshot);
    views.set(snapshot, made);
    return made;
  };
}
