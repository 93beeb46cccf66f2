import type { Lead } from "../../../client/src/tabs/leadership.js";
import type { SimulatedTab } from "./simulated-tabs.js";

interface Holder {
  readonly tab: SimulatedTab;
  readonly turn: AbortController;
}

/** One lock for all tabs, as a browser keeps it: it knows who is gone, and not who is frozen. */
export class SimulatedLocks {
  readonly #line: SimulatedTab[] = [];
  readonly #leads = new Map<SimulatedTab, Lead>();
  #holder: Holder | undefined;
  #isSettling = false;

  /** @param settleMs how long nobody else takes over; 0: as if tabs knew nothing of each other. */
  constructor(private readonly settleMs: number) {}

  get leader(): SimulatedTab | undefined {
    return this.#holder?.tab;
  }

  standInLine(tab: SimulatedTab, lead = this.#leads.get(tab)): void {
    if (!lead || tab.isGone || this.#line.includes(tab) || this.#holder?.tab === tab) return;
    this.#leads.set(tab, lead);
    this.#line.push(tab);
    this.#grant();
  }

  /** Whoever had the lock learns of it as soon as it is awake. */
  steal(tab: SimulatedTab): void {
    const before = this.#holder;
    if (before?.tab === tab || tab.isGone || this.#isSettling) return;
    if (this.settleMs > 0) {
      this.#isSettling = true;
      setTimeout(() => (this.#isSettling = false), this.settleMs);
    }
    this.#hold(tab);
    before?.tab.whenAwake(() => {
      before.turn.abort();
      this.standInLine(before.tab);
    });
  }

  /** As a page that is told that it will be frozen. */
  stepBack(tab: SimulatedTab): void {
    const position = this.#line.indexOf(tab);
    if (position !== -1) this.#line.splice(position, 1);
    if (this.#holder?.tab !== tab) return;
    this.#holder.turn.abort();
    this.#release(this.#holder);
  }

  #grant(): void {
    const next = this.#holder ? undefined : this.#line.shift();
    if (!next) return;
    if (next.isGone) return this.#grant();
    this.#hold(next);
  }

  #hold(tab: SimulatedTab): void {
    const lead = this.#leads.get(tab);
    if (!lead) return;
    const holder: Holder = { tab, turn: new AbortController() };
    this.#holder = holder;
    const release = () => this.#release(holder);
    void tab.gone.then(release);
    tab.whenAwake(() => {
      if (!holder.turn.signal.aborted) lead(holder.turn.signal).then(release, release);
    });
  }

  #release(holder: Holder): void {
    if (this.#holder !== holder) return;
    this.#holder = undefined;
    this.#grant();
  }
}
