import { listen, type PageGlobals } from "../sse/page-events.js";
import { pause } from "../sse/retry-schedule.js";

/** What is used of the Web Locks of a browser. */
export interface Locks {
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly ifAvailable?: boolean; readonly steal?: boolean },
    held: (lock: unknown) => Promise<void>,
  ): Promise<unknown>;
}

/** Leads until its signal is aborted. Resolves sooner when there is nothing to lead any more. */
export type Lead = (until: AbortSignal) => Promise<void>;

/** For so long others have time to hear of a new leader, before one of them takes over in its turn. */
const settleMs = 1000;

/**
 * This tab's turns at leading: of all tabs one leads at a time, the one that holds a Web Lock. A page that is frozen hands
 * over at once and stands in line again when it goes on; one that was frozen without a word finds that another tab has
 * taken over. Its turn is over then, and whatever it still says for a moment is known to the others.
 */
export class Leadership {
  readonly #turns = new Set<AbortController>();
  #queued: AbortController | undefined;
  #isFrozen = false;
  #isOver = false;
  readonly #releases: readonly (() => void)[];

  constructor(
    private readonly locks: Locks,
    private readonly name: string,
    private readonly lead: Lead,
  ) {
    const page = globalThis as PageGlobals;
    const freeze = () => this.#freeze();
    const resume = () => this.#resume();
    this.#releases = [
      listen(page.document, ["freeze"], freeze),
      listen(page.document, ["resume"], resume),
      listen(page, ["pagehide"], freeze),
      listen(page, ["pageshow"], resume),
    ];
    this.#standInLine();
  }

  /** Leads in the place of a tab that does not answer, unless another tab is about to. */
  takeOver(): void {
    if (this.#isAway || this.#turns.size > 0) return;
    const takeOver = async (lock: unknown) => {
      if (!lock || this.#isAway) return;
      const turn = new AbortController();
      void this.#hold(turn, { steal: true });
      await pause({ durationMs: settleMs, leastMs: settleMs, signal: turn.signal });
    };
    this.locks.request(`${this.name} takeover`, { ifAvailable: true }, takeOver).catch(() => {});
  }

  leave(): void {
    this.#isOver = true;
    for (const release of this.#releases) release();
    this.#stepBack();
  }

  get #isAway(): boolean {
    return this.#isOver || this.#isFrozen;
  }

  #standInLine(): void {
    if (this.#isAway || this.#queued) return;
    const turn = new AbortController();
    this.#queued = turn;
    void this.#hold(turn, { signal: turn.signal });
  }

  async #hold(turn: AbortController, how: { signal: AbortSignal } | { steal: true }): Promise<void> {
    let [wasGranted, hasEnded] = [false, false];
    try {
      await this.locks.request(this.name, how, async () => {
        wasGranted = true;
        if (this.#queued === turn) this.#queued = undefined;
        if (this.#isAway) return;
        this.#turns.add(turn);
        // The lock is free for others as soon as the turn is over, whatever is still to be cleaned up.
        await Promise.race([this.lead(turn.signal), untilAborted(turn.signal)]);
        hasEnded = !turn.signal.aborted;
      });
    } catch {
      // Another tab has taken over, or this one has left the line.
    }
    this.#turns.delete(turn);
    if (this.#queued === turn) this.#queued = undefined;
    // Where there are no locks after all, asking again would end alike.
    const isRefused = !wasGranted && !turn.signal.aborted;
    turn.abort();
    // Nothing to lead, for this tab: the stream is over, or failed.
    if (hasEnded) this.leave();
    else if (!isRefused) this.#standInLine();
  }

  #freeze(): void {
    this.#isFrozen = true;
    this.#stepBack();
  }

  #resume(): void {
    this.#isFrozen = false;
    this.#standInLine();
  }

  #stepBack(): void {
    for (const turn of [...this.#turns, this.#queued]) turn?.abort();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
