import type { PlainKey } from "./event-input.js";

/** What happens to a state by itself, and when. */
export interface TopicTimes<State> {
  /** When `onDue` is asked. */
  readonly dueAt: (state: State, key: PlainKey) => Date | null;
  /** When it is dropped with its log. */
  readonly expiresAt: (state: State, key: PlainKey) => Date | null;
}

/** The first of the two, in milliseconds since 1970. `null`: neither. */
export function wakeMs<State>(
  { dueAt, expiresAt }: TopicTimes<State>,
  state: State,
  key: PlainKey,
): number | null {
  const times = [dueAt(state, key), expiresAt(state, key)].flatMap((time) => time?.getTime() ?? []);
  return times.length === 0 ? null : Math.min(...times);
}
