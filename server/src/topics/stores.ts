import type { Cluster, Redis, RedisOptions } from "ioredis";
import { openFileStore } from "../store/file-store.js";
import { openMemoryStore } from "../store/memory-store.js";
import { redisPlaceOf, type RedisPlace } from "../store/redis-options.js";
import { openRedisStore } from "../store/redis-store.js";
import type { Retention, Store } from "../store/store.js";

/** Where a Jobwire keeps its logs and states. */
export interface JobwireStore {
  /** For `openJobwire`. */
  readonly open: (setup: StoreSetup) => Promise<Store>;
}

interface StoreSetup {
  readonly retention: Retention;
  /** Called once for each change between reachable and not. */
  readonly onReachable: (reachable: boolean, error?: unknown) => void;
  /** Hears of what the operator should mend, a line each. */
  readonly onWarning: (warning: string) => void;
}

/** Where Redis is, and what the keys in it begin with. */
export type RedisStoreSource = (
  | {
      /** `redis://`, `rediss://`, `redis+sentinel://` or `redis+cluster://`, as docs/redis.md says. */
      readonly url: string;
    }
  | {
      /**
       * An ioredis instance, or Cluster, of your own. Its options say where Redis is; it is not used itself, as two
       * connections with options of their own are needed. Its `keyPrefix` is not heeded: see `prefix`.
       */
      readonly client: Pick<Redis, "options"> | Pick<Cluster, "options" | "nodes">;
    }
) & {
  /** What all keys and channels begin with. Default `jw`. */
  readonly prefix?: string;
};

/**
 * Redis 6.2 or newer; 7.0 or newer for a Cluster. Opens also while Redis is away.
 * @throws Error that says what of the URL or the prefix is not understood.
 */
export function redisStore({ prefix, ...source }: RedisStoreSource): JobwireStore {
  if (prefix !== undefined && !/^[A-Za-z0-9._-]{1,32}$/.test(prefix))
    throw new Error("redisStore: prefix has 1 to 32 of the characters A-Z a-z 0-9 . _ -");
  const place = "url" in source ? redisPlaceOf(source.url) : placeOfClient(source.client);
  return {
    open: ({ retention, ...observer }) => openRedisStore({ ...retention, ...observer, url: place, prefix }),
  };
}

/** In this process's memory: for development, tests and demos. A restart forgets it. */
export function memoryStore(): JobwireStore {
  return { open: async ({ retention }) => openMemoryStore(retention) };
}

/**
 * In memory, and synced to a folder before anybody hears of it: for one process without Redis. A restart, also of a killed
 * process, finds everything again. What it keeps must fit in memory.
 * @param dir Made when it is absent. `open` rejects with an Error that says what keeps it from being used: another
 *   process has it open, no right to write, a newer format.
 */
export function fileStore({ dir }: { readonly dir: string }): JobwireStore {
  return {
    open: ({ retention, onReachable }) => openFileStore({ ...retention, folder: dir, onReachable }),
  };
}

/** What of an instance's options says where Redis is and who asks. */
const connectionFields = [
  "host",
  "port",
  "path",
  "username",
  "password",
  "db",
  "family",
  "tls",
  "sentinels",
  "name",
  "sentinelUsername",
  "sentinelPassword",
  "enableTLSForSentinelMode",
  "sentinelTLS",
] as const satisfies readonly (keyof RedisOptions)[];

function placeOfClient(client: Pick<Redis, "options"> | Pick<Cluster, "options" | "nodes">): RedisPlace {
  if (!("nodes" in client)) {
    const known = connectionFields.filter((field) => (client.options[field] ?? undefined) !== undefined);
    return { kind: "single", options: pick(client.options, known) };
  }
  const { username, password, family, tls } = client.options.redisOptions ?? {};
  const nodes = client.nodes().map(({ options: { host = "127.0.0.1", port = 6379 } }) => ({ host, port }));
  if (nodes.length === 0)
    throw new Error("redisStore: this Cluster has no nodes yet; connect it first, or give a url");
  const options = {
    ...(username && { username }),
    ...(password && { password }),
    ...(family !== undefined && { family }),
    ...(tls && { tls }),
  };
  return { kind: "cluster", nodes, options };
}

function pick<Whole extends object, Field extends keyof Whole>(
  whole: Whole,
  fields: readonly Field[],
): Pick<Whole, Field> {
  return Object.fromEntries(fields.map((field) => [field, whole[field]])) as Pick<Whole, Field>;
}
