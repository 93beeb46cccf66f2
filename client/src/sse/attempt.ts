import { timerMs } from "../timer-ms.js";

/** The peer was silent for too long. */
class InactivityError extends Error {
  constructor(inactivityMs: number) {
    super(`Nothing came from the server for ${inactivityMs} ms.`);
  }
}

/**
 * One attempt at a connection. Whatever it waits for is given up when the caller leaves or when it takes too long; its
 * request is aborted with it. Between two waits no timer runs: a consumer may take its time.
 */
export class Attempt {
  /** How long one wait may take. */
  inactivityMs: number;
  readonly #request = new AbortController();
  readonly #leave = () => this.#giveUp(new Error("The stream was left."));
  #rejectWait: (reason: Error) => void = () => {};

  constructor(
    private readonly leaving: AbortSignal,
    inactivityMs: number,
  ) {
    this.inactivityMs = inactivityMs;
    leaving.addEventListener("abort", this.#leave, { once: true });
  }

  /** For the request: aborted when the attempt is over. */
  get signal(): AbortSignal {
    return this.#request.signal;
  }

  /** Rejects when the attempt is given up, whether what it waits for heeds `signal` or not. */
  async wait<Value>(start: () => Value | Promise<Value>): Promise<Value> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise<Value>((resolve, reject) => {
        this.#rejectWait = reject;
        if (this.leaving.aborted) return this.#leave();
        const { inactivityMs } = this;
        if (Number.isFinite(inactivityMs)) {
          timer = setTimeout(() => this.#giveUp(new InactivityError(inactivityMs)), timerMs(inactivityMs));
        }
        Promise.resolve(start()).then(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
      this.#rejectWait = () => {};
    }
  }

  /** Frees what the attempt holds. */
  end(): void {
    this.leaving.removeEventListener("abort", this.#leave);
    this.#request.abort();
  }

  #giveUp(reason: Error): void {
    this.#rejectWait(reason);
    this.#request.abort(reason);
  }
}
