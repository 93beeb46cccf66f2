import type { Redis } from "ioredis";
import { isRedisAnswer } from "./redis-error.js";
import { readHealth } from "./redis-health.js";
import { LearnedClock, readTime } from "./store-clock.js";

/** Called with what the operator should mend, in one line each, once for each line. */
export type OnWarning = (warning: string) => void;

/** How often Redis is asked how it is kept. */
const healthMs = 60_000;
/** Clocks that are kept by NTP differ by less. */
const mostSkewMs = 2000;

/** What is to be known of a Redis beside whether it is there: its clock, and how it is kept. */
export class RedisCheckup {
  readonly clock = new LearnedClock();
  readonly #told = new Set<string>();
  #health: readonly string[] = [];
  #askHealthAt = 0;

  constructor(private readonly onWarning: OnWarning) {}

  get warnings(): readonly string[] {
    const { skewMs } = this.clock;
    if (Math.abs(skewMs) < mostSkewMs) return this.#health;
    const direction = skewMs > 0 ? "ahead of" : "behind";
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    return [
      ...this.#health,
      `the clock of this server is ${seconds} s ${direction} that of Redis: set both by NTP`,
    ];
  }

  /** Other servers may answer from now on. */
  forget(): void {
    this.clock.forget();
    this.#askHealthAt = 0;
  }

  /** Looks at all servers that have the data; the first one's clock counts. What it may not ask, it does not know. */
  async look(servers: readonly Redis[]): Promise<void> {
    try {
      const [first] = servers;
      if (first) await this.clock.learn(async () => readTime(await first.time()));
      if (performance.now() < this.#askHealthAt) return;
      this.#askHealthAt = performance.now() + healthMs;
      const infos = await Promise.all(servers.map((server) => server.info()));
      this.#health = [...new Set(infos.flatMap(readHealth))];
    } catch (error) {
      if (!isRedisAnswer(error)) throw error;
    }
    for (const warning of this.warnings) {
      if (this.#told.has(warning)) continue;
      this.#told.add(warning);
      this.onWarning(warning);
    }
  }
}
