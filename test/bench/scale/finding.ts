import type { Bench } from "../bench.js";
import type { BenchRedis } from "../processes/redis.js";

/** All parts of this bench need a Redis. */
export type ScaleBench = Bench & { readonly redis: BenchRedis };

/** What a part has measured. */
export interface Finding {
  readonly tables: readonly (readonly (readonly string[])[])[];
  readonly goals: readonly Goal[];
  /** Events that somebody who followed did not get, or got again. */
  readonly lost: number;
  readonly doubled: number;
}

export interface Goal {
  readonly what: string;
  readonly value: number;
  /** One of the two. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Part {
  readonly name: string;
  /** What happens in it, in one line. */
  readonly title: string;
  readonly measure: (bench: ScaleBench) => Promise<Finding>;
}
