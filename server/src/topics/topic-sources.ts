import type {
  EventSchemas,
  KeySchema,
  TopicDefinition,
  TopicEvent,
  TopicGapWith,
  TopicKeyFields,
} from "@jobwire/shared";
import superjson from "superjson";
import { endedPlace } from "../streams/merged-places.js";
import type { Readable } from "../streams/readable-store.js";
import { SharedReads } from "../streams/shared-reads.js";
import { gapEvent, readStreamRequest } from "../streams/stream-request.js";
import type { Expected, StreamSource } from "../streams/stream-source.js";
import { readKey } from "./event-input.js";
import type { StreamingOptions, StreamOptions } from "./streaming-options.js";
import type { HandleParts } from "./topic-handle.js";
import { stampField } from "./topic-log.js";

interface ReadState<State> {
  readonly state: State | null;
  /** The newest event that it has. */
  readonly at: string | null;
}

/** Where the streams of one definition's logs come from. */
export class TopicSources<Name extends string, Key extends KeySchema, Events extends EventSchemas, State> {
  readonly #snapshots = new SharedReads<ReadState<State>>();

  constructor(
    private readonly definition: TopicDefinition<Name, Key, Events, State>,
    private readonly parts: Omit<HandleParts<State>, "repair">,
  ) {}

  /** @throws AppError `CURSOR_INVALID`, `INPUT_INVALID` */
  of<Snapshot, Last extends { readonly type: string } = never>(
    input: TopicKeyFields<Key> & StreamOptions<keyof Events & string>,
    {
      signal,
      snapshot,
      mark,
    }: Omit<StreamingOptions<State, Snapshot, TopicEvent<Key, Events>, Last>, "only">,
  ): StreamSource<TopicEvent<Key, Events> | TopicGapWith<Name, Key, Snapshot> | Last> {
    const { lastEventId, types, replay, ...rest } = input;
    const { log, entries, hubs, coalesceMs } = this.parts;
    const { key, text } = readKey(this.definition, rest);
    return {
      hubs,
      ...readStreamRequest({ lastEventId, types, signal }),
      topic: log.topicOf(text),
      start: replay === "none" ? "newest" : "oldest",
      readable: entries.readable satisfies Readable,
      coalesceMs,
      expects: () => this.#expected(text),
      isEndless: !this.definition.hasEnd,
      ...(mark && {
        mark: {
          type: mark.type,
          read: ({ body }) => {
            const event = mark.read(superjson.parse<TopicEvent<Key, Events>>(body));
            return event && { id: endedPlace, event };
          },
        },
      }),
      explainGap: async (gap) => {
        const { state, at } = await this.#snapshots.read(`${text} ${gap.to}`, () => this.#snapshot(text));
        const told = snapshot ? await snapshot(state) : state;
        // The key has the fields that its schema says; without `snapshot` the state is what is told.
        return {
          ...gapEvent(gap, told),
          snapshotAt: at,
          topic: this.definition.name,
          ...key,
        } as TopicGapWith<Name, Key, Snapshot>;
      },
    };
  }

  async #snapshot(keyText: string): Promise<ReadState<State>> {
    const { log, entries } = this.parts;
    const record = await log.options.store.readState({ scope: log.scope, key: keyText });
    const read = entries.stateOrNull(keyText, () => log.recordOf(keyText, record));
    return { state: read ? read.state : null, at: (read && record?.[stampField]) ?? null };
  }

  /** A log that has nothing although there is a state that has an event of it has lost it. */
  async #expected(keyText: string): Promise<Expected | "nothing"> {
    const { log } = this.parts;
    if (!this.definition.state) return "nothing";
    const record = await log.options.store.readState({ scope: log.scope, key: keyText });
    if (record?.ended === "1") return "end";
    return record?.[stampField] ? "events" : "nothing";
  }
}
