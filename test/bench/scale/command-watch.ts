import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";

export interface CommandCounts {
  /** By clients: each is a round trip. */
  readonly calls: number;
  /** By scripts, within one of these calls. */
  readonly inScripts: number;
}

const settleMs = 100;

/** Every command that a Redis carries out, as it says itself (`MONITOR`). */
export class CommandWatch implements Disposable {
  #calls = 0;
  #inScripts = 0;

  private constructor(private readonly monitor: Redis) {
    monitor.on("monitor", (_time: string, _command: readonly string[], source: string) => {
      if (source === "lua") this.#inScripts += 1;
      else this.#calls += 1;
    });
  }

  static async open(url: string): Promise<CommandWatch> {
    const redis = new Redis(url);
    try {
      return new CommandWatch(await redis.monitor());
    } finally {
      redis.disconnect();
    }
  }

  /** What this work costs, with what the servers do by themselves meanwhile. */
  async during(work: () => Promise<unknown>): Promise<CommandCounts> {
    const [calls, inScripts] = [this.#calls, this.#inScripts];
    await work();
    await delay(settleMs);
    return { calls: this.#calls - calls, inScripts: this.#inScripts - inScripts };
  }

  [Symbol.dispose](): void {
    this.monitor.disconnect();
  }
}
