import type { Redis } from "ioredis";
import { randomEpoch } from "./epoch.js";

const key = "jw:generation";
const intervalMs = 3000;

/**
 * Notices that Redis has lost its data while every connection stayed open, as after FLUSHALL: a mark that was there is
 * gone or another one. A topic that will never get another event would otherwise never hear of it.
 */
export class LossWatch implements Disposable {
  readonly #timer = setInterval(() => void this.#check(), intervalMs).unref();
  #known: string | undefined;

  constructor(
    private readonly redis: Redis,
    private readonly onLoss: () => void,
  ) {
    // After a lost connection everybody looks anyway.
    redis.on("ready", () => {
      this.#known = undefined;
      void this.#check();
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    try {
      let mark = await this.redis.get(key);
      if (mark === null) {
        await this.redis.set(key, randomEpoch(), "NX");
        mark = await this.redis.get(key);
      }
      if (mark === null) return;
      if (this.#known !== undefined && this.#known !== mark) this.onLoss();
      this.#known = mark;
    } catch {
      // Redis is away, which is noticed and reported elsewhere; it is asked again.
    }
  }
}
