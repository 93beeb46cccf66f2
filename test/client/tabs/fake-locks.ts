import type { Locks } from "../../../client/src/tabs/leadership.js";

interface Request {
  readonly grant: () => void;
  readonly withdraw: () => void;
}

/** The Web Locks of one browser, exclusive ones. Source: W3C Web Locks API, sections 2 and 4. */
export class FakeLocks implements Locks {
  readonly #held = new Map<string, (reason: unknown) => void>();
  readonly #lines = new Map<string, Request[]>();

  isHeld(name: string): boolean {
    return this.#held.has(name);
  }

  waiting(name: string): number {
    return this.#lines.get(name)?.length ?? 0;
  }

  async request(
    name: string,
    { signal, ifAvailable, steal }: Parameters<Locks["request"]>[1],
    held: Parameters<Locks["request"]>[2],
  ): Promise<unknown> {
    if (signal && (ifAvailable || steal)) throw new DOMException("Not together", "NotSupportedError");
    signal?.throwIfAborted();
    // As the answer of another process: never in the same turn.
    await Promise.resolve();
    if (ifAvailable && this.isHeld(name)) return held(null);
    if (steal) this.#held.get(name)?.(new DOMException("Stolen", "AbortError"));
    else if (this.isHeld(name)) await this.#wait(name, signal);
    return this.#hold(name, held);
  }

  #wait(name: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = this.#lines.get(name) ?? [];
      this.#lines.set(name, line);
      const request: Request = {
        grant: () => {
          signal?.removeEventListener("abort", request.withdraw);
          resolve();
        },
        withdraw: () => {
          line.splice(line.indexOf(request), 1);
          reject(new DOMException("Withdrawn", "AbortError"));
        },
      };
      line.push(request);
      signal?.addEventListener("abort", request.withdraw, { once: true });
    });
  }

  #hold(name: string, held: (lock: unknown) => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#held.set(name, reject);
      const release = () => {
        if (this.#held.get(name) !== reject) return;
        this.#held.delete(name);
        this.#lines.get(name)?.shift()?.grant();
      };
      held({ name }).then(resolve, reject).finally(release);
    });
  }
}
