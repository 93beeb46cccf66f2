/** Something that is to be pinged when it was silent for a heartbeat, and ended when its time is over. */
export interface Beating {
  /** The turn in which something was last sent; see `Heartbeat.turn`. */
  lastSentTurn: number;
  /** When it ends, in milliseconds since the epoch; `Infinity`: never. */
  readonly expiresAt: number;
  ping(): void;
  expire(): void;
}

const maxTurnMs = 250;
/** One that is due later than the wheel reaches is looked at on the way. */
const maxSlots = 256;

/**
 * The heartbeat and expiry of all connections with one timer. Connections stand in the slots of a wheel by when they
 * are next due; a turn looks at one slot. Sending only notes the turn, so it costs nothing per event: whoever has sent
 * something meanwhile is moved on when its slot comes up.
 */
export class Heartbeat implements Disposable {
  readonly #turnMs: number;
  readonly #turnsPerBeat: number;
  readonly #slots: readonly Set<Beating>[];
  readonly #slotOf = new Map<Beating, Set<Beating>>();
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param intervalMs `Infinity`: no pings, only expiry. */
  constructor(intervalMs: number) {
    this.#turnMs = Math.min(maxTurnMs, Math.max(1, intervalMs / 4));
    this.#turnsPerBeat = Math.ceil(intervalMs / this.#turnMs);
    this.#slots = Array.from(
      { length: Math.min(maxSlots, this.#turnsPerBeat + 1) },
      () => new Set<Beating>(),
    );
  }

  /** What to note when something is sent: the turn that comes, so that a ping is late rather than early. */
  get turn(): number {
    return this.#turn + 1;
  }

  add(beating: Beating): void {
    this.#timer ??= setInterval(() => this.#advance(), this.#turnMs).unref();
    this.#schedule(beating);
  }

  delete(beating: Beating): void {
    this.#slotOf.get(beating)?.delete(beating);
    this.#slotOf.delete(beating);
    if (this.#slotOf.size === 0) this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #advance(): void {
    this.#turn += 1;
    const due = this.#slots[this.#turn % this.#slots.length];
    if (!due || due.size === 0) return;
    const now = Date.now();
    for (const beating of due) {
      due.delete(beating);
      if (beating.expiresAt <= now) {
        this.delete(beating);
        beating.expire();
        continue;
      }
      if (this.#turn - beating.lastSentTurn >= this.#turnsPerBeat) {
        beating.ping();
        beating.lastSentTurn = this.#turn;
      }
      if (this.#slotOf.has(beating)) this.#schedule(beating);
    }
  }

  #schedule(beating: Beating): void {
    const untilPing = beating.lastSentTurn + this.#turnsPerBeat - this.#turn;
    const untilExpiry = Math.ceil((beating.expiresAt - Date.now()) / this.#turnMs);
    const turns = Math.max(1, Math.min(untilPing, untilExpiry, this.#slots.length - 1));
    const slot = this.#slots[(this.#turn + turns) % this.#slots.length];
    if (!slot) return;
    slot.add(beating);
    this.#slotOf.set(beating, slot);
  }
}
