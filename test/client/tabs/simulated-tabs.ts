import { createConnectionMonitor } from "../../../client/src/connection-state.js";
import type { StreamItem } from "../../../client/src/sse/resuming-stream.js";
import { SharedStream } from "../../../client/src/tabs/shared-stream.js";
import type { TabGroup, TabMessage } from "../../../client/src/tabs/tab-group.js";
import { SimulatedLocks } from "./simulated-locks.js";

/** So much text that a few values fill what waits in a tab. */
const data = JSON.stringify("x".repeat(300_000));

/** Tabs without a browser: a test decides what happens next, also what no browser does often. */
export class SimulatedTabs {
  readonly tabs: SimulatedTab[] = [];
  /** Connections to the server: all so far, and those of now. */
  readonly streams = { opened: 0, open: 0 };
  readonly #log: StreamItem[] = [];
  readonly locks: SimulatedLocks;
  #isComplete = false;
  #changed = () => {};
  #change = this.#nextChange();

  constructor(settleMs = 1000) {
    this.locks = new SimulatedLocks(settleMs);
  }

  get length(): number {
    return this.#log.length;
  }

  publish(count: number): void {
    for (let added = 0; added < count; added++) this.#log.push({ id: `${this.#log.length + 1}`, data });
    this.#changed();
  }

  complete(): void {
    this.#isComplete = true;
    this.#changed();
  }

  openTab(): SimulatedTab {
    const tab = new SimulatedTab(this);
    this.tabs.push(tab);
    tab.read();
    return tab;
  }

  /** Lets one message through, of those that wait; what one tab says arrives in order. */
  deliver(choice: number, tabs = this.tabs): boolean {
    const waiting = tabs.flatMap((tab) =>
      tab.isGone || tab.isFrozen ? [] : [...tab.inboxes.values()].map((inbox) => ({ tab, inbox })),
    );
    const filled = waiting.filter(({ inbox }) => inbox.length > 0);
    const chosen = filled[choice % filled.length];
    const message = chosen?.inbox.shift();
    if (chosen && message) chosen.tab.hear(message);
    return message !== undefined;
  }

  send(from: SimulatedTab, message: TabMessage): void {
    for (const tab of this.tabs) {
      const inbox = tab.inboxes.get(from) ?? [];
      tab.inboxes.set(from, inbox);
      inbox.push(message);
    }
  }

  /** A tab's process ends; of what it has said last, some tabs never hear. */
  kill(tab: SimulatedTab, choice: number): void {
    tab.end();
    for (const [index, other] of this.tabs.entries()) {
      const inbox = other.inboxes.get(tab);
      inbox?.splice((choice + index) % (inbox.length + 1));
    }
  }

  /** The server's stream. */
  async *open(cursor: string | null, signal: AbortSignal): AsyncGenerator<StreamItem, void> {
    const leave = () => this.#changed();
    signal.addEventListener("abort", leave);
    this.streams.opened += 1;
    this.streams.open += 1;
    try {
      for (let next = Number(cursor ?? 0); !signal.aborted;) {
        const item = this.#log[next];
        if (item) {
          next += 1;
          yield item;
        } else if (this.#isComplete) return;
        else await this.#change;
      }
    } finally {
      this.streams.open -= 1;
      signal.removeEventListener("abort", leave);
    }
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = () => {
        this.#change = this.#nextChange();
        resolve();
      };
    });
  }
}

export class SimulatedTab {
  /** What it has not heard yet, by who said it. */
  readonly inboxes = new Map<SimulatedTab, TabMessage[]>();
  readonly ids: number[] = [];
  /** Closed or killed. */
  isGone = false;
  /** Hears nothing, reads nothing, and what it says is heard once it is awake. */
  isFrozen = false;
  /** Read to its end. */
  isOver = false;
  readonly gone: Promise<void>;
  readonly #leaving = new AbortController();
  readonly #items: AsyncGenerator<StreamItem, void>;
  #group: TabGroup;
  #end = () => {};
  #isReading = false;
  #onThaw: (() => void)[] = [];

  constructor(private readonly all: SimulatedTabs) {
    this.gone = new Promise((resolve) => (this.#end = resolve));
    this.#group = {
      send: (message) => {
        this.whenAwake(() => all.send(this, message));
      },
      onMessage: () => {},
      lead: (lead) => all.locks.standInLine(this, lead),
      takeOver: () => {
        if (!this.isFrozen) all.locks.steal(this);
      },
      leave: () => this.#end(),
    };
    this.#items = new SharedStream({
      group: this.#group,
      open: (cursor, signal) => all.open(cursor, signal),
      startsAtNewest: false,
      cursor: null,
      signal: this.#leaving.signal,
      connection: createConnectionMonitor().open(),
    }).items();
  }

  /** Takes the next value once there is one; until then it is waiting for it. */
  read(): void {
    if (this.#isReading || this.isGone || this.isFrozen) return;
    this.#isReading = true;
    void this.#items.next().then(({ done, value }) => {
      this.#isReading = false;
      if (this.isGone) return;
      if (done) this.isOver = true;
      else this.ids.push(Number(value.id));
    });
  }

  hear(message: TabMessage): void {
    this.#group.onMessage(message);
  }

  /** @param isTold whether the page can hand over before. */
  freeze(isTold: boolean): void {
    if (this.isGone || this.isFrozen) return;
    if (isTold) this.all.locks.stepBack(this);
    this.isFrozen = true;
  }

  thaw(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    for (const act of this.#onThaw.splice(0)) this.whenAwake(act);
    this.all.locks.standInLine(this);
  }

  whenAwake(act: () => void): void {
    if (this.isFrozen) this.#onThaw.push(act);
    else if (!this.isGone) act();
  }

  /** Leaves as a closed page does. */
  leave(): void {
    this.#leaving.abort();
    this.end();
  }

  end(): void {
    this.isGone = true;
    this.#leaving.abort();
    this.#end();
  }
}
