import type { StateKey, TopicKey } from "./store.js";

/** What all keys begin with unless told otherwise. */
export const defaultPrefix = "jw";

/**
 * Names of a scope's keys. The braces are a Cluster hash tag: all keys of one scope live in one slot, so a commit
 * is one script. The scope is percent-encoded: an owner id with braces, colons or any Unicode stays in its own
 * (as JSON first, which also has a spelling for half a surrogate pair). Empty braces would be no tag: the empty scope is
 * spelled as no other can be.
 */
export class RedisKeys {
  /** A commit asks for many keys of one scope. */
  #newest: { readonly scope: string; readonly beginning: string } | undefined;

  /** @param prefix of everything that one Jobwire has in a Redis, its channels too. */
  constructor(readonly prefix: string) {}

  state({ scope, key }: StateKey): string {
    return this.#inScope(scope, `s:${key}`);
  }

  index(scope: string, index: string): string {
    return this.#inScope(scope, `i:${index}`);
  }

  /** How many keys each index lists. */
  counts(scope: string): string {
    return this.#inScope(scope, "n");
  }

  /** Keys by when they are due. */
  due(scope: string): string {
    return this.#inScope(scope, "d");
  }

  /** The answer to a commit with this idempotency key. */
  made(scope: string, idempotencyKey: string): string {
    return this.#inScope(scope, `m:${idempotencyKey}`);
  }

  log({ scope, topic }: TopicKey): string {
    return this.#inScope(scope, `l:${topic}`);
  }

  head({ scope, topic }: TopicKey): string {
    return this.#inScope(scope, `h:${topic}`);
  }

  channel({ scope, topic }: TopicKey): string {
    return this.#inScope(scope, `c:${topic}`);
  }

  /** Set once in each server; a server without it has lost its data. `tag`: says where it is in a Cluster. */
  generation(tag?: number): string {
    return tag === undefined ? `${this.prefix}:generation` : `${this.prefix}:{${tag}}:generation`;
  }

  /** What a process publishes to itself. */
  watch(id: string): string {
    return `${this.prefix}:watch:${id}`;
  }

  /** What matches the keys of states whose scope and key begin so, and others that `readState` tells from them. */
  statePattern({ scope, key }: StateKey): string {
    return `${escapeGlob(this.prefix)}:{${encode(scope)}*}:s:${escapeGlob(key)}*`;
  }

  /** Which state a key of Redis is for. */
  readState(name: string): StateKey | null {
    if (!name.startsWith(`${this.prefix}:`)) return null;
    const [, scope, key] = /^\{([^}]*)\}:s:(.*)$/s.exec(name.slice(this.prefix.length + 1)) ?? [];
    if (scope === undefined || key === undefined) return null;
    return { scope: decode(scope), key };
  }

  #inScope(scope: string, rest: string): string {
    if (this.#newest?.scope !== scope)
      this.#newest = { scope, beginning: `${this.prefix}:{${encode(scope) || "%"}}:` };
    return this.#newest.beginning + rest;
  }
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
