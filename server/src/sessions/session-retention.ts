import type { StoreClock } from "../store/store-clock.js";
import type { SessionRecord } from "./session-record.js";

/**
 * How long a session is kept after its connection has ended. It is over after `retainMs`; for some time more it is
 * written to, and only then dropped, so that nobody writes to a log that is just being dropped.
 */
export class SessionRetention {
  readonly #marginMs: number;

  constructor(
    readonly retainMs: number,
    private readonly clock: StoreClock,
  ) {
    this.#marginMs = Math.min(retainMs, 60_000);
  }

  /** How often it is worthwhile to look for sessions to drop. */
  get sweepIntervalMs(): number {
    return this.#marginMs;
  }

  /** When a session is to be dropped whose connection ends now. */
  get dropAtMs(): number {
    return this.clock.now() + this.retainMs + this.#marginMs;
  }

  isOver(session: SessionRecord): boolean {
    return this.#ageOf(session) >= this.retainMs;
  }

  isReachable(session: SessionRecord): boolean {
    return this.#ageOf(session) < this.retainMs + this.#marginMs / 2;
  }

  isDroppable(session: SessionRecord): boolean {
    return this.#ageOf(session) >= this.retainMs + this.#marginMs;
  }

  #ageOf({ endedAt }: SessionRecord): number {
    return endedAt ? this.clock.now() - endedAt.getTime() : 0;
  }
}
