import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Store } from "../store/store.js";
import { processesIndex, processKey, sessionsScope } from "./session-keys.js";

const leaseMs = 6000;

/** How often it is to be renewed: two renewals may fail. */
export const renewIntervalMs = 2000;

/** Says that this server process is alive. When it is killed that lapses, by the store's clock, and with it its sessions. */
export class ProcessLease {
  /** Names the process to services. */
  readonly id = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  #heldUntil = 0;

  constructor(private readonly store: Store) {}

  /** As far as this process knows. A session that is opened without it counts as gone. */
  get isHeld(): boolean {
    return performance.now() < this.#heldUntil;
  }

  /**
   * @returns false when the lease had lapsed: others may have taken the sessions of this process for gone.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async renew(): Promise<boolean> {
    const askedAt = performance.now();
    const renewed = await this.#write({ id: [this.id] });
    if (!renewed) await this.#write();
    this.#heldUntil = askedAt + leaseMs;
    return renewed;
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
      },
      events: [],
      retainMs,
    });
    return accepted;
  }
}
