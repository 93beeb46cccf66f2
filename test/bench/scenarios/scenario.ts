import type { Contender, ContenderName } from "../contenders/contender.js";
import type { Bench } from "../bench.js";

/** One question that all its contenders are asked. */
export interface Scenario {
  readonly name: string;
  /** What happens in it, in one line. */
  readonly title: string;
  readonly contenders: readonly ContenderName[];
  /** What is reported; contenders are compared by the first. */
  readonly metrics: readonly [Metric, ...Metric[]];
  /** What Jobwire means to reach. */
  readonly reach: readonly Reach[];
  readonly needsRedis?: boolean;
  /** Each contender is the one before it and one thing more, whose cost is what is asked. Measured only when it is named. */
  readonly isLayered?: boolean;
  readonly measure: (bench: Bench, contender: Contender) => Promise<Measurement>;
}

export interface Metric {
  readonly key: string;
  readonly label: string;
  readonly digits: number;
}

export interface Reach {
  readonly against: ContenderName;
  /** Jobwire's value as a part of theirs. */
  readonly atMost: number;
  /** The key of the metric. Default: the first. */
  readonly metric?: string;
}

export interface Measurement {
  readonly values: Readonly<Record<string, number | null>>;
  /** Events that a stream did not receive in their place. */
  readonly lost: number;
  readonly doubled: number;
}
