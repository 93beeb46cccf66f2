import type { StateKey, TopicKey } from "./store.js";

/**
 * Names of a scope's keys. The braces are a Cluster hash tag: all keys of one scope live in one slot, so a commit
 * is one script. The scope is percent-encoded: an owner id with braces, colons or any Unicode stays in its own
 * (as JSON first, which also has a spelling for half a surrogate pair). Empty braces would be no tag: the empty scope is
 * spelled as no other can be.
 */
export const redisKeys = {
  state: ({ scope, key }: StateKey) => `${prefixOf(scope)}:s:${key}`,
  index: (scope: string, index: string) => `${prefixOf(scope)}:i:${index}`,
  /** How many keys each index lists. */
  counts: (scope: string) => `${prefixOf(scope)}:n`,
  /** Keys by when they are due. */
  due: (scope: string) => `${prefixOf(scope)}:d`,
  /** The answer to a commit with this idempotency key. */
  made: (scope: string, idempotencyKey: string) => `${prefixOf(scope)}:m:${idempotencyKey}`,
  log: ({ scope, topic }: TopicKey) => `${prefixOf(scope)}:l:${topic}`,
  head: ({ scope, topic }: TopicKey) => `${prefixOf(scope)}:h:${topic}`,
  channel: ({ scope, topic }: TopicKey) => `${prefixOf(scope)}:c:${topic}`,
};

/** What matches the keys of states whose scope and key begin so, and others that `readStateKey` tells from them. */
export function statePattern({ scope, key }: StateKey): string {
  return `jw:{${encode(scope)}*}:s:${escapeGlob(key)}*`;
}

/** Which state a key of Redis is for. */
export function readStateKey(name: string): StateKey | null {
  const [, scope, key] = /^jw:\{([^}]*)\}:s:(.*)$/s.exec(name) ?? [];
  if (scope === undefined || key === undefined) return null;
  return { scope: decode(scope), key };
}

function prefixOf(scope: string): string {
  return `jw:{${encode(scope) || "%"}}`;
}

function encode(scope: string): string {
  return encodeURIComponent(JSON.stringify(scope).slice(1, -1));
}

function decode(scope: string): string {
  return scope === "%" ? "" : String(JSON.parse(`"${decodeURIComponent(scope)}"`));
}

function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]\\^-]/g, "\\$&");
}
