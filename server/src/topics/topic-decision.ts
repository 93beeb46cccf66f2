/**
 * What `decide` says: events to append, or with `state` also what no event says (who owns it, who works on it). The events are
 * applied to that state then; without events it is all that changes.
 */
export type Decision<State, Input> =
  | Input
  | readonly Input[]
  | { readonly state: State; readonly events: readonly Input[] };

/** One form of the three. */
export interface PlainDecision<State> {
  /** In place of the state that was read. */
  readonly state?: State;
  readonly events: readonly unknown[];
}

export function plainDecisionOf<State>(
  decision: Decision<State, { readonly type: string }>,
): PlainDecision<State> {
  if (isList(decision)) return { events: decision };
  return "events" in decision && !("type" in decision) ? decision : { events: [decision] };
}

/** At once, where `decide` says it at once. */
export function plainDecisionSaid<State, Input extends { readonly type: string }>(
  said: Decision<State, Input> | PromiseLike<Decision<State, Input>>,
): PlainDecision<State> | Promise<PlainDecision<State>> {
  return isPromised(said) ? Promise.resolve(said).then(plainDecisionOf<State>) : plainDecisionOf(said);
}

function isPromised<Item extends object>(item: Item | PromiseLike<Item>): item is PromiseLike<Item> {
  return "then" in item && typeof item.then === "function";
}

function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}

/** What is to be appended to a log, by its state. `revision` is 0 when there is none. */
export type Decide<State> = (
  state: State | null,
  revision: number,
) => Promise<PlainDecision<State>> | PlainDecision<State>;
