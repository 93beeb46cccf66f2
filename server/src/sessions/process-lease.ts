import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Store } from "../store/store.js";
import { processesIndex, processKey, sessionsScope } from "./session-keys.js";

const leaseMs = 12_000;

/** How often it is to be renewed: a few renewals may fail, in a process that is busy. */
export const renewIntervalMs = 2000;

/** Says that this server process is alive. When it is killed that lapses, by the store's clock, and with it its sessions. */
export class ProcessLease {
  /** Names the process to services. */
  readonly id = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  #heldUntil = 0;
  #lapses = 0;

  constructor(private readonly store: Store) {}

  /** As far as this process knows. A session that is opened without it counts as gone. */
  get isHeld(): boolean {
    return performance.now() < this.#heldUntil;
  }

  /** How often there was no lease: each time others may have taken the sessions of this process for gone. */
  get lapses(): number {
    return this.#lapses;
  }

  /** @throws AppError `STORE_UNAVAILABLE` */
  async renew(): Promise<void> {
    const askedAt = performance.now();
    if (!(await this.#write({ id: [this.id] }))) {
      await this.#write();
      this.#lapses += 1;
    }
    this.#heldUntil = askedAt + leaseMs;
  }

  /** @throws AppError `STORE_UNAVAILABLE`: it lapses by itself. */
  async release(): Promise<void> {
    await this.#write(undefined, 0);
  }

  async #write(expect?: { readonly id: readonly string[] }, retainMs = leaseMs): Promise<boolean> {
    const { accepted } = await this.store.commit({
      scope: sessionsScope,
      state: {
        key: processKey(this.id),
        ...(expect && { expect }),
        set: { id: this.id },
        index: processesIndex,
        // Then its sessions are to be ended, should it have lapsed.
        due: this.store.clock.now() + leaseMs,
      },
      events: [],
      retainMs,
    });
    return accepted;
  }
}
