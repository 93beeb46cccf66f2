import {
  topicKeyText,
  type AnyTopic,
  type DefinitionOf,
  type KeyOf,
  type StateOf,
  type StreamEventOf,
} from "@jobwire/shared";
import { beginningOf, beginsLate, foldEvent, nothingFolded } from "../watch/topic-fold.js";
import { subscribeTo, type Subscribable } from "../watch/subscribable.js";
import { followSubscription, type Tracked } from "./follow-subscription.js";
import type { StreamSource } from "./shared-stream.js";
import { StreamPool } from "./stream-pool.js";

/** What has come of one log of an own topic. */
export interface WatchedTopic<Topic extends AnyTopic> {
  /** What the events have come to; `null` until there was one, and where the definition has no state. */
  readonly state: StateOf<Topic> | null;
  /** The newest 1000, oldest first, gaps included. */
  readonly events: readonly StreamEventOf<Topic>[];
}

interface FoldedTopic<Topic extends AnyTopic> extends WatchedTopic<Topic> {
  /** Events up to this one are in the state, because a snapshot had them. */
  readonly snapshotAt: string | null;
}

type TopicPool<Topic extends AnyTopic> = StreamPool<
  KeyOf<Topic>,
  FoldedTopic<Topic>,
  Tracked<StreamEventOf<Topic>>
>;

const maxEvents = 1000;

/** A log that is live and has brought nothing for so long is empty. */
const quietMs = 250;

const pools = new WeakMap<object, WeakMap<object, unknown>>();

/** The streams of a topic's logs, one for each key, shared by all who come with the same procedure. */
export function topicPool<Topic extends AnyTopic>(
  definition: DefinitionOf<Topic>,
  procedure: Subscribable,
): TopicPool<Topic> {
  const byDefinition = pools.get(procedure) ?? new WeakMap<object, unknown>();
  pools.set(procedure, byDefinition);
  const known = byDefinition.get(definition);
  // It was made of this definition.
  if (known) return known as TopicPool<Topic>;
  const initial: FoldedTopic<Topic> = { ...nothingFolded, events: [] };
  const pool: TopicPool<Topic> = new StreamPool({
    initial,
    isKnown: ({ events }) => events.length > 0,
    quietMs,
    nameOf: (key) => topicKeyText(definition.key, key),
    sourceOf: (key) => createWatchedTopic<Topic>(definition, procedure, key),
  });
  byDefinition.set(definition, pool);
  return pool;
}

function createWatchedTopic<Topic extends AnyTopic>(
  definition: DefinitionOf<Topic>,
  procedure: Subscribable,
  key: KeyOf<Topic>,
): StreamSource<FoldedTopic<Topic>, Tracked<StreamEventOf<Topic>>> {
  return {
    reduce: ({ events, ...before }, items) => ({
      ...items.reduce(
        (folded, { id, data }) => foldEvent<Topic>(definition, folded, { id, event: data }),
        before,
      ),
      events: [...events, ...items.map(({ data }) => data)].slice(-maxEvents),
    }),
    open(sink) {
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
}
