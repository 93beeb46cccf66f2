import { randomInt } from "node:crypto";
import { v7 } from "uuid";

const firstCounters = 2 ** 31;

/**
 * UUIDs that sort by when they were asked for, also those of one millisecond and after a clock that was set back.
 * Source: RFC 9562, 6.2, a counter behind the time.
 */
export class JobIds {
  #msecs = 0;
  #counter = 0;

  next(at: Date): string {
    const msecs = at.getTime();
    // Half of the counter is room for those that follow in one millisecond.
    if (msecs > this.#msecs) [this.#msecs, this.#counter] = [msecs, randomInt(firstCounters)];
    else this.#counter += 1;
    return v7({ msecs: this.#msecs, seq: this.#counter });
  }
}
