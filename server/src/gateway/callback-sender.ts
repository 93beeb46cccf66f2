import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { joinSignals } from "../join-signals.js";

/** What a backend is told. */
export interface Callback {
  readonly action: "connect" | "disconnect";
  readonly request_id: string;
  /** Of this connection: the same in its `disconnect`. It opens nothing. */
  readonly token: string;
  /** The path of the session's stream. */
  readonly url: string;
}

type CallbackOutcome = "delivered" | "given-up" | "dropped";

export interface CallbackSenderOptions {
  /** One attempt. Resolves with the status of the answer; rejects when there is none. */
  readonly post: (callback: Callback, deliveryId: string, signal: AbortSignal) => Promise<number>;
  readonly newDeliveryId: () => string;
  readonly onOutcome: (outcome: CallbackOutcome, callback: Callback, status: number | null) => void;
  /** How many may wait, all sessions together; one more is dropped. */
  readonly maxWaiting: number;
  /** How long after it was told of a callback may still be tried again. */
  readonly patienceMs: number;
  readonly retryMs: number;
  readonly timeoutMs: number;
}

const maxAtOnce = 32;
const maxRetryMs = 30_000;

/** Tells a backend, in order for each session, and waits for nobody: neither does anybody wait for it. */
export class CallbackSender {
  readonly #sessions = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  readonly #waitingForTurn: (() => void)[] = [];
  #waiting = 0;
  #sending = 0;

  constructor(private readonly options: CallbackSenderOptions) {
    // Each session that is to be told again waits on it.
    setMaxListeners(0, this.#stop.signal);
  }

  tell(callback: Callback): void {
    if (this.#stop.signal.aborted || this.#waiting >= this.options.maxWaiting) {
      this.options.onOutcome("dropped", callback, null);
      return;
    }
    this.#waiting++;
    const before = this.#sessions.get(callback.request_id) ?? Promise.resolve();
    const told = before
      .then(() => this.#deliver(callback, Date.now()))
      .finally(() => {
        this.#waiting--;
        if (this.#sessions.get(callback.request_id) === told) this.#sessions.delete(callback.request_id);
      });
    this.#sessions.set(callback.request_id, told);
  }

  /** Waits so long for what is on its way, then drops the rest. */
  async close(withinMs: number): Promise<void> {
    const timer = new AbortController();
    const late = delay(withinMs, undefined, { signal: timer.signal }).catch(() => {});
    const all = Promise.all(this.#sessions.values());
    await Promise.race([all, late]);
    timer.abort();
    this.#stop.abort();
    await all;
  }

  /** Until it is taken, refused for good, or too old. Never rejects. */
  async #deliver(callback: Callback, toldAt: number): Promise<void> {
    const { options } = this;
    const deliveryId = options.newDeliveryId();
    let status: number | null = null;
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      status = await this.#attempt(callback, deliveryId);
      if (status !== null && status >= 200 && status < 300)
        return options.onOutcome("delivered", callback, status);
      const waitMs = Math.min(maxRetryMs, options.retryMs * 2 ** attempt) * (0.5 + Math.random() / 2);
      if (isFinal(status) || Date.now() + waitMs - toldAt > options.patienceMs)
        return options.onOutcome("given-up", callback, status);
      await delay(waitMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
    options.onOutcome("dropped", callback, status);
  }

  /** `null`: there was no answer. */
  async #attempt(callback: Callback, deliveryId: string): Promise<number | null> {
    while (this.#sending >= maxAtOnce) await new Promise<void>((turn) => this.#waitingForTurn.push(turn));
    this.#sending++;
    using ended = joinSignals([this.#stop.signal], this.options.timeoutMs);
    try {
      return await this.options.post(callback, deliveryId, ended.signal);
    } catch {
      return null;
    } finally {
      this.#sending--;
      this.#waitingForTurn.shift()?.();
    }
  }
}

/** The same call would be refused in the same way again. */
function isFinal(status: number | null): boolean {
  return status !== null && status >= 400 && status < 500 && ![408, 425, 429].includes(status);
}
