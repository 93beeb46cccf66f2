import { parseCursor } from "@jobwire/shared";

/** What `expect.extend` gives its matchers, as far as these need it: Vitest's and Jest's are alike. */
interface MatcherContext {
  readonly equals: (one: unknown, other: unknown) => boolean;
}

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** What `collect` gives, or the ids themselves. */
type WithIds = { readonly ids: readonly string[] } | readonly string[];

/** What `collect` gives, or the events themselves. */
type WithEvents = { readonly events: readonly unknown[] } | readonly unknown[];

/** Matchers for `expect.extend`: of Vitest, where `@jobwire/client/testing/vitest` adds them, and of Jest. */
export const matchers = {
  /** Each id follows the one before it: nothing is missing, nothing came twice, all are of one log. */
  toHaveContiguousIds(received: WithIds): MatcherResult {
    const ids = "ids" in received ? received.ids : received;
    const fault = ids.length === 0 ? "there are none" : firstFault(ids);
    return {
      pass: fault === null,
      message: () =>
        fault === null
          ? `Expected ids with a hole, but ${ids.join(", ")} have none.`
          : `Expected contiguous ids, but ${fault}.`,
    };
  },

  /** The last events have at least these fields, in this order. */
  toEndWith(this: MatcherContext, received: WithEvents, ...expected: readonly object[]): MatcherResult {
    const events = "events" in received ? received.events : received;
    const last = expected.length === 0 ? [] : events.slice(-expected.length);
    const pass =
      last.length === expected.length &&
      expected.every((fields, index) => hasFields(this.equals, last[index], fields));
    const list = (items: readonly unknown[]) => items.map((item) => `\n  ${JSON.stringify(item)}`).join("");
    return {
      pass,
      message: () =>
        `Expected the events ${pass ? "not " : ""}to end with${list(expected)}\nThey end with${list(last) || " nothing"}`,
    };
  },
} as const;

function firstFault(ids: readonly string[]): string | null {
  const cursors = ids.map((id) => parseCursor(id));
  for (const [index, cursor] of cursors.entries()) {
    const id = ids[index];
    if (!cursor) return `${id} is no id of an event`;
    const before = cursors[index - 1];
    if (!before) continue;
    const after = `after ${ids[index - 1]} came ${id}`;
    if (cursor.epoch !== before.epoch) return `${after}, which is of another log`;
    if (cursor.offset <= before.offset) return after;
    const missing = cursor.offset - before.offset - 1;
    if (missing > 0) return `${after}: ${missing} missing`;
  }
  return null;
}

function hasFields(equals: MatcherContext["equals"], event: unknown, fields: object): boolean {
  if (typeof event !== "object" || event === null) return false;
  return Object.entries(fields).every(([name, value]) => equals(Reflect.get(event, name), value));
}
