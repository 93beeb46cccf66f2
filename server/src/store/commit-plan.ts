import type { Cursor } from "@jobwire/shared";
import type { CommitScriptInput } from "./commit-script-input.js";
import { randomEpoch } from "./epoch.js";
import type { RedisKeys } from "./redis-keys.js";
import { defaultMaxBytes, idempotencyMs, type Commit, type NewEvent, type Retention } from "./store.js";
import { expectNumbers } from "./whole-numbers.js";

/** What the commit script is called with, and how its answer is read. */
export interface CommitPlan {
  readonly keys: readonly string[];
  readonly args: readonly string[];
  /** From the script's `epoch, offset` for each topic to a cursor for each event. */
  cursors(reply: readonly string[]): Cursor[];
}

export function planCommit(
  commit: Commit,
  retention: Retention,
  publish: CommitScriptInput["publish"],
  keyNames: RedisKeys,
): CommitPlan {
  expectNumbers(commit);
  const { scope, state, events, retainMs, closedTopics = [], keep = {}, idempotencyKey } = commit;
  const byTopic = groupByTopic(events);
  const topics = [...byTopic.keys()].map((topic) => ({ scope, topic }));
  const logKeysOf = (topic: string) => [keyNames.log({ scope, topic }), keyNames.head({ scope, topic })];
  const indexes = [state?.index ?? []].flat();
  const unlist = state?.unlist ?? [];
  const input: CommitScriptInput = {
    ...(state && {
      state: {
        key: state.key,
        expect: state.expect ?? {},
        expectPast: state.expectPast,
        set: Object.entries(state.set).flat(),
        indexes,
        unlist,
        listedText: state.listedText,
        due: state.due === null ? "none" : state.due,
        remove: state.remove ?? false,
        stamp: state.stamp,
      },
    }),
    topics: topics.map((topic) => {
      const appended = byTopic.get(topic.topic) ?? [];
      return {
        channel: keyNames.channel(topic),
        newEpoch: randomEpoch(),
        events: appended.map(({ type, last }) => ({ type, last: last ? "1" : "0" })),
        idleMs: appended.at(-1)?.idleMs,
      };
    }),
    closedTopics: closedTopics.length,
    maxEvents: keep.maxEvents ?? retention.maxEvents,
    maxBytes: keep.maxBytes ?? retention.maxBytes ?? defaultMaxBytes,
    publish,
    retainMs,
    expectOpen: commit.expectOpen ?? false,
    madeMs: idempotencyKey === undefined ? undefined : idempotencyMs,
  };
  const madeKeys = idempotencyKey === undefined ? [] : [keyNames.made(scope, idempotencyKey)];
  const stateKeys = state
    ? [
        keyNames.state({ scope, key: state.key }),
        ...[...indexes, ...unlist].map((index) => keyNames.index(scope, index)),
        keyNames.counts(scope),
        keyNames.due(scope),
      ]
    : [];
  return {
    keys: [...madeKeys, ...stateKeys, ...[...byTopic.keys(), ...closedTopics].flatMap(logKeysOf)],
    args: [inputText(input), ...[...byTopic.values()].flat().map(({ body }) => body)],
    cursors(reply) {
      const ends = new Map<string, { epoch: string; offset: number }>();
      for (const [position, [topic, group]] of [...byTopic].entries()) {
        const newest = Number(reply[position * 2 + 1]);
        ends.set(topic, { epoch: reply[position * 2] ?? "", offset: newest - group.length });
      }
      return events.flatMap(({ topic }) => {
        const end = ends.get(topic);
        return end ? { epoch: end.epoch, offset: ++end.offset } : [];
      });
    },
  };
}

/** The script's JSON reader refuses half a surrogate pair, which JSON escapes; Redis would not keep it either. */
function inputText(input: CommitScriptInput): string {
  const text = JSON.stringify(input);
  return text.includes("\\ud") ? JSON.stringify(input, wellFormed) : text;
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}

function groupByTopic(events: readonly NewEvent[]): Map<string, NewEvent[]> {
  const byTopic = new Map<string, NewEvent[]>();
  for (const event of events) {
    const group = byTopic.get(event.topic);
    if (group) group.push(event);
    else byTopic.set(event.topic, [event]);
  }
  return byTopic;
}
