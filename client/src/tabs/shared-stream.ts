import { firstAttempt, type ConnectionError, type ConnectionReport } from "../connection-state.js";
import { forwardAbort } from "../sse/forward-abort.js";
import { onAttention } from "../sse/page-events.js";
import type { StreamItem } from "../sse/resuming-stream.js";
import { connectionErrorOf, errorOfCopy } from "../sse/stream-failure.js";
import { ItemBuffer, RecentIds } from "./item-buffer.js";
import { Leader } from "./leader.js";
import { LeaderWatch } from "./leader-watch.js";
import type { ItemMessage, TabGroup, TabMessage, TabState } from "./tab-group.js";

export interface SharedStreamOptions {
  /** Left when the stream is over. */
  readonly group: TabGroup;
  /** Opens the stream for this tab alone. */
  readonly open: (
    cursor: string | null,
    signal: AbortSignal,
    connection: ConnectionReport,
  ) => AsyncIterable<StreamItem>;
  /** Without a cursor the stream has no history: it starts with what happens next. */
  readonly startsAtNewest: boolean;
  readonly cursor: string | null;
  readonly signal: AbortSignal;
  readonly connection: ConnectionReport;
}

/**
 * A tab's part in a stream that one tab, the leader, reads for all. Each value names the one before it, so a tab knows
 * when it misses any: it is behind, and reads a stream of its own from where it is until that meets what the leader says.
 * This is also how a tab that joins late gets its history, how one goes on whose reader was slow, and what happens when
 * the leader does not answer. When a leader is gone, frozen or silent, another tab leads from where it is.
 */
export class SharedStream {
  readonly #options: SharedStreamOptions;
  readonly #id = Math.random().toString(36).slice(2);
  readonly #leaving = new AbortController();
  /** From the leader, for the reader. */
  readonly #queue = new ItemBuffer<StreamItem>();
  /** From the leader, while this tab is behind. */
  readonly #ahead = new ItemBuffer<ItemMessage>();
  readonly #recent = new RecentIds();
  #mode: "joining" | "following" | "behind" = "joining";
  /** The last id that was taken, from the leader or from a stream of its own. */
  #cursor: string | null;
  /** The last id that the leader has said; `undefined`: it is not known to be there. */
  #leaderCursor: string | null | undefined;
  #leaderState: TabState | undefined;
  #leader: Leader | undefined;
  #end: { readonly error?: ConnectionError } | undefined;
  #leadError: ConnectionError | undefined;
  #ownStream: AbortController | undefined;
  readonly #watch = new LeaderWatch({
    ask: () => this.#options.group.send({ kind: "ask" }),
    onSilence: (times) => this.#onSilence(times),
  });
  #wake = () => {};

  constructor(options: SharedStreamOptions) {
    this.#options = options;
    this.#cursor = options.cursor;
    this.#recent.add(options.cursor);
  }

  async *items(): AsyncGenerator<StreamItem, void> {
    const { group, signal, connection } = this.#options;
    const { signal: left } = this.#leaving;
    const release = forwardAbort([signal], this.#leaving);
    left.addEventListener("abort", () => this.#wake(), { once: true });
    connection.set(firstAttempt);
    group.onMessage = (message) => this.#hear(message);
    this.#watch.ask();
    group.lead((until) => this.#lead(until));
    const unlisten = onAttention(() => this.#onAttention());
    try {
      while (!left.aborted) {
        const item = this.#queue.shift();
        if (item) yield item;
        else if (this.#end?.error) throw this.#end.error;
        else if (this.#end) return;
        else if (this.#mode === "behind") yield* this.#catchUp();
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      unlisten();
      this.#watch.stop();
      release();
      this.#leaving.abort();
      group.leave();
    }
  }

  /** Reads this tab's own stream until it meets what the leader says. */
  async *#catchUp(): AsyncGenerator<StreamItem, void> {
    if (this.#meetsLeader()) {
      this.#follow();
      return;
    }
    const { open, connection } = this.#options;
    const { signal: left } = this.#leaving;
    const own = new AbortController();
    const release = forwardAbort([left], own);
    this.#ownStream = own;
    try {
      for await (const item of open(this.#cursor, own.signal, connection)) {
        if (own.signal.aborted) break;
        this.#took(item.id);
        yield item;
        if (this.#meetsLeader()) break;
      }
      if (this.#meetsLeader()) this.#follow();
      else if (!own.signal.aborted) this.#end = {};
    } finally {
      this.#ownStream = undefined;
      release();
      own.abort();
    }
  }

  /** Whether nothing is missing between what was taken and what the leader says. */
  #meetsLeader(): boolean {
    if (this.#leaderCursor === undefined) return false;
    return (
      this.#leaderCursor === this.#cursor || this.#ahead.some(({ previous }) => previous === this.#cursor)
    );
  }

  #follow(): void {
    const ahead = this.#ahead.drain();
    const next = ahead.findIndex(({ previous }) => previous === this.#cursor);
    this.#mode = "following";
    this.#reportState();
    if (next !== -1) for (const item of ahead.slice(next)) this.#hearItem(item);
  }

  async #lead(until: AbortSignal): Promise<void> {
    const { group, open } = this.#options;
    const turn = new AbortController();
    const release = forwardAbort([this.#leaving.signal, until], turn);
    const leader = new Leader({
      group,
      // What the leader before has said is known to the others.
      cursor: this.#leaderCursor ?? this.#cursor,
      open: (cursor, connection) => open(cursor, turn.signal, connection),
    });
    this.#leader = leader;
    this.#watch.stop();
    try {
      await leader.lead(turn.signal);
      if (!turn.signal.aborted) leader.sayEnd();
    } catch (error) {
      if (turn.signal.aborted) return;
      this.#leadError = connectionErrorOf(error);
      group.send({ kind: "failed", leader: this.#id });
    } finally {
      release();
      if (this.#leader === leader) this.#leader = undefined;
      // Another tab leads now, or will in a moment.
      if (until.aborted && !this.#leaving.signal.aborted) this.#watch.ask();
    }
  }

  #hear(message: TabMessage): void {
    switch (message.kind) {
      case "ask":
        if (this.#leader) this.#leader.sayPosition();
        else this.#watch.heardQuestion();
        return;
      case "position":
        this.#leaderState = message.state;
        this.#heardLeader(message.cursor);
        this.#hearPosition(message.cursor);
        break;
      case "item":
        this.#heardLeader(message.id ?? message.previous);
        this.#hearItem(message);
        break;
      case "end":
        if (this.#mode === "following" && message.previous === this.#cursor) this.#end = {};
        else this.#loseLeader();
        break;
      case "failed":
        if (message.leader === this.#id && this.#leadError) this.#end = { error: this.#leadError };
    }
    if (this.#meetsLeader()) this.#ownStream?.abort();
    this.#wake();
  }

  #hearPosition(cursor: string | null): void {
    if (this.#mode === "joining") this.#join(cursor);
    if (this.#mode !== "following") return;
    this.#begin(cursor);
    this.#reportState();
    // A leader that is not as far as this tab says again what is known here.
    if (cursor !== null && cursor !== this.#cursor && !this.#recent.has(cursor)) this.#mode = "behind";
  }

  #hearItem(item: ItemMessage): void {
    if (this.#mode === "joining") this.#join(item.previous);
    const { previous, id, data } = item;
    if (this.#mode === "following") {
      if (previous !== this.#cursor && id !== undefined && this.#recent.has(id)) return;
      if (previous === this.#cursor && !this.#queue.isFull) {
        this.#took(id);
        return this.#queue.push({ id, data });
      }
      this.#mode = "behind";
    }
    if (this.#ahead.isFull) this.#ahead.shift();
    this.#ahead.push(item);
  }

  #join(cursor: string | null): void {
    this.#begin(cursor);
    this.#mode = this.#cursor === cursor ? "following" : "behind";
  }

  /** Without a history it begins where its leader is. */
  #begin(cursor: string | null): void {
    if (!this.#options.startsAtNewest || this.#cursor !== null || cursor === null) return;
    this.#took(cursor);
    this.#queue.push({ id: cursor, data: null });
  }

  #took(id: string | null | undefined): void {
    this.#cursor = id ?? this.#cursor;
    this.#recent.add(id);
  }

  #reportState(): void {
    if (!this.#leaderState) return;
    const { error, ...state } = this.#leaderState;
    this.#options.connection.set({ ...state, lastError: error && errorOfCopy(error) });
  }

  #heardLeader(cursor: string | null): void {
    this.#leaderCursor = cursor;
    if (!this.#leader) this.#watch.heard();
  }

  /** The tab of a leader can be put to sleep: another one leads then, and should that fail, every tab is on its own. */
  #onSilence(times: number): void {
    this.#options.group.takeOver();
    if (times === 1) return;
    this.#loseLeader();
    this.#wake();
  }

  /** Timers of the leader's tab may be slow; those of one that is looked at are not. */
  #onAttention(): void {
    const state = this.#leaderState?.state;
    if (this.#leader) return;
    if (state === "waiting" || state === "offline") this.#options.group.takeOver();
    else this.#watch.ask();
  }

  #loseLeader(): void {
    this.#mode = "behind";
    this.#leaderCursor = undefined;
    this.#ahead.drain();
  }
}
