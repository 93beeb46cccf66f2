import { AppError } from "../app-error.js";
import type { Store, TopicKey } from "../store/store.js";
import { FairTurns } from "./fair-turns.js";
import { FlushQueue } from "./flush-queue.js";
import { CoalescingQueue } from "./coalescing-queue.js";
import { readableStore } from "./readable-store.js";
import type { HubOptions } from "./stream-source.js";
import { TopicHub, type HubContext } from "./topic-hub.js";
import { ReadTurns } from "./read-turns.js";
import { Turns } from "./turns.js";

/** How long a hub outlives its last subscriber, so that a page reload costs no new subscription. */
const lingerMs = 5000;

/** How often it is said that somebody follows a topic, unless told otherwise: an idle one is not forgotten then. */
const defaultKeepMs = 600_000;

/** How many topics read the log at a time when all have to, as after a lost connection. */
const maxCatchingUp = 64;

/** How many pages are read at a time for streams that are behind: what is live waits for no more than these. */
const maxReads = 2;

/** The hubs of all topics that have subscribers in this process. */
export class TopicHubs implements AsyncDisposable {
  /** Of all streams that replay. */
  readonly turns = new FairTurns();
  readonly #shared = new Map<string, SharedHub>();
  readonly #context: HubContext;
  /** While there are hubs. */
  #keeping: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(
    store: Store,
    onError: (error: unknown) => void,
    private readonly keepMs = defaultKeepMs,
  ) {
    this.#context = {
      store,
      onError,
      flushes: new FlushQueue(),
      turns: new Turns(maxCatchingUp),
      reads: new ReadTurns(maxReads),
    };
  }

  /**
   * The topic's hub, for as long as the lease is not disposed. Who asks for it first says how it is.
   * @throws AppError `STORE_UNAVAILABLE`, also when the hub is there but the store is known to be away.
   */
  async acquire(topic: TopicKey, options: HubOptions = {}): Promise<HubLease> {
    if (this.#isDisposed || !this.#context.store.isReachable) {
      throw new AppError("STORE_UNAVAILABLE", "The event store is away; try again shortly.");
    }
    const key = JSON.stringify([topic.scope, topic.topic]);
    let shared = this.#shared.get(key);
    if (!shared) {
      shared = { hub: TopicHub.open(topic, this.#contextFor(options)), leases: 0, linger: undefined };
      this.#shared.set(key, shared);
      this.#keeping ??= setInterval(
        () => void this.#keep().catch(this.#context.onError),
        this.keepMs,
      ).unref();
    }
    clearTimeout(shared.linger);
    shared.leases += 1;
    try {
      return { hub: await shared.hub, [Symbol.dispose]: () => this.#release(key, shared) };
    } catch (error) {
      this.#forget(key, shared);
      throw error;
    }
  }

  /** Ends every stream that is still attached; none is opened any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    clearInterval(this.#keeping);
    const all = [...this.#shared.values()];
    this.#shared.clear();
    for (const { linger } of all) clearTimeout(linger);
    // One that fails to open has told whoever wanted it.
    const opened = await Promise.allSettled(all.map(({ hub }) => hub));
    const hubs = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    await Promise.all(hubs.map((hub) => hub[Symbol.asyncDispose]()));
  }

  #forget(key: string, shared: SharedHub): void {
    if (this.#shared.get(key) !== shared) return;
    this.#shared.delete(key);
    if (this.#shared.size > 0) return;
    clearInterval(this.#keeping);
    this.#keeping = undefined;
  }

  /** One after the other: it is not urgent. */
  async #keep(): Promise<void> {
    for (const [name, { leases }] of this.#shared) {
      if (this.#isDisposed) return;
      const [scope = "", topic = ""] = JSON.parse(name) as string[];
      if (leases > 0) await this.#context.store.head({ scope, topic });
    }
  }

  #contextFor({ readable, coalesceMs }: HubOptions): HubContext {
    return {
      ...this.#context,
      ...(readable && { store: readableStore(this.#context.store, readable) }),
      ...(coalesceMs && { flushes: new CoalescingQueue(coalesceMs) }),
    };
  }

  #release(key: string, shared: SharedHub): void {
    shared.leases -= 1;
    if (shared.leases > 0 || this.#isDisposed) return;
    shared.linger = setTimeout(() => {
      this.#forget(key, shared);
      shared.hub.then((hub) => hub[Symbol.asyncDispose]()).catch(this.#context.onError);
    }, lingerMs).unref();
  }
}

export interface HubLease extends Disposable {
  readonly hub: TopicHub;
}

interface SharedHub {
  readonly hub: Promise<TopicHub>;
  leases: number;
  linger: NodeJS.Timeout | undefined;
}
