import { randomUUID } from "node:crypto";
import type { Cursor } from "@jobwire/shared";
import { vi } from "vitest";
import type {
  Commit,
  LogEntry,
  LogMessage,
  NewEvent,
  Page,
  Replay,
  Retention,
  Store,
  TopicHead,
  TopicKey,
  TopicListener,
} from "../../server/src/store/store.js";

/** Keeps 1000 events of a topic unless told otherwise. */
export type OpenStore = (retention?: Retention) => Promise<Store>;

/** A scope nobody else uses. */
export function newScope(): string {
  return `scope-${randomUUID()}`;
}

/** A topic nobody else uses. */
export function newTopic(): TopicKey {
  return { scope: newScope(), topic: "topic" };
}

/** `e1`, `e2`, … up to `e<count>`; each body says which. */
export function newEvents(topic: string, count: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) => newEvent(topic, `e${index + 1}`));
}

export function newEvent(topic: string, type: string): NewEvent {
  return { topic, type, body: JSON.stringify({ type }) };
}

/** Commits what no guard refuses. */
export async function accept(store: Store, commit: Commit): Promise<readonly Cursor[]> {
  const committed = await store.commit(commit);
  if (!committed.accepted) throw new Error(`Refused: ${JSON.stringify(committed.state)}`);
  return committed.cursors;
}

/** Appends so many events, each in a commit of its own, and returns their cursors. */
export async function append(store: Store, { scope, topic }: TopicKey, count: number): Promise<Cursor[]> {
  const cursors: Cursor[] = [];
  for (const event of newEvents(topic, count))
    cursors.push(...(await accept(store, { scope, events: [event] })));
  return cursors;
}

export function entriesOf(replay: Replay): readonly LogEntry[] {
  return eventsOf(replay).entries;
}

export function eventsOf(replay: Replay): {
  readonly entries: readonly LogEntry[];
  readonly head: TopicHead;
} {
  if (replay.kind === "gap") throw new Error(`A gap: ${JSON.stringify(replay)}`);
  return replay;
}

/** All retained entries of a topic. */
export async function retained(store: Store, topic: TopicKey): Promise<readonly LogEntry[]> {
  return entriesOf(await store.replay(topic, null, upTo(1_000_000)));
}

/** A page of so many entries, whatever their size. */
export function upTo(entries: number): Page {
  return { entries, bytes: 1_000_000_000 };
}

export function offsetsOf(entries: readonly { readonly offset: number }[]): number[] {
  return entries.map(({ offset }) => offset);
}

/** 1, 2, 3 … up to `to`; or from another first number. */
export function countTo(to: number, from = 1): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

/** Keeps what a store tells it. */
export class RecordingListener implements TopicListener {
  readonly messages: LogMessage[] = [];
  restorations = 0;

  get entries(): LogEntry[] {
    return this.messages.flatMap(({ entries }) => entries);
  }

  onMessage(message: LogMessage): void {
    this.messages.push(message);
  }

  onRestored(): void {
    this.restorations += 1;
  }

  /** Resolves once an entry of this type has come. */
  async until(type: string): Promise<void> {
    await eventually(() => {
      if (!this.entries.some((entry) => entry.type === type)) throw new Error(`No ${type} has come.`);
    });
  }
}

/** Asks again until it no longer throws. */
export function eventually<Value>(ask: () => Value | Promise<Value>, timeoutMs = 10_000): Promise<Value> {
  return vi.waitFor(ask, { interval: 5, timeout: timeoutMs });
}
