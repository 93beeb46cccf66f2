import type { Redis } from "ioredis";
import type { RedisCommands } from "./redis-commands.js";
import type { ConnectionOptions } from "./redis-options.js";
import type { RedisKeys } from "./redis-keys.js";
import type { OnWarning } from "./redis-checkup.js";
import type { StoreClock } from "./store-clock.js";
import type { TopicListener } from "./store.js";

/** Redis as the store sees it, whether it is one server, one behind sentinels, or a Cluster. */
export interface RedisTopology extends Disposable {
  /** Fails fast instead of queueing while Redis is away. */
  readonly commands: RedisCommands;
  /** How a commit publishes. */
  readonly publish: "PUBLISH" | "SPUBLISH";
  readonly isReachable: boolean;
  /** The servers that have the data. */
  masters(): readonly Redis[];
  readonly clock: StoreClock;
  /** What the operator should mend. */
  readonly warnings: readonly string[];
  /** This user may not do all that a commit does: none is to be begun. */
  readonly missingRights: Error | undefined;

  /** @throws AppError `STORE_UNAVAILABLE` */
  ping(): Promise<void>;

  /** Resolves once messages of this channel flow. @throws AppError `STORE_UNAVAILABLE` */
  listen(channel: string, listener: TopicListener): Promise<AsyncDisposable>;
}

/** Called once for each change between reachable and not. */
export type OnReachable = (reachable: boolean, error?: unknown) => void;

/** What a topology is opened with beside where Redis is: who hears of what changes, and how keys are named. */
export interface RedisSetup {
  readonly keys: RedisKeys;
  readonly onReachable: OnReachable;
  readonly onWarning: OnWarning;
}

/** How long a command may take before the store counts as away: callers are to know within two seconds. */
export const commandTimeoutMs = 1500;

/** How often it is asked whether every Redis is there and still has its data. */
export const watchMs = 1000;

const maxReconnectDelayMs = 1000;

/** For every connection of the store. Nothing is sent twice: the store does not know what of it was carried out. */
export const baseOptions: ConnectionOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  disableClientInfo: true,
  maxRetriesPerRequest: 0,
  commandTimeout: commandTimeoutMs,
  connectTimeout: commandTimeoutMs,
  sentinelCommandTimeout: commandTimeoutMs,
  // A connection is given up when its peer is silent: it will not say goodbye either.
  disconnectTimeout: 100,
};

export function reconnectDelayOf(attempt: number): number {
  return Math.random() * Math.min(maxReconnectDelayMs, 50 * 2 ** attempt);
}

/** Waits no longer than callers are to wait. What comes later is reported from where it comes. */
export async function atMost(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, commandTimeoutMs);
  });
  await Promise.race([work, deadline]);
  clearTimeout(timer);
}

/** Tells of changes only. */
export class Reachability {
  #reported: boolean | undefined;

  constructor(private readonly report: OnReachable) {}

  update(reachable: boolean, error?: unknown): void {
    if (this.#reported === reachable) return;
    this.#reported = reachable;
    if (reachable) this.report(true);
    else this.report(false, error);
  }
}
