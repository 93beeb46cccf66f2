import type { Programs } from "./build.js";
import type { Child } from "./processes/child.js";
import type { LoadCalls } from "./processes/load-process.js";
import type { BenchRedis } from "./processes/redis.js";

/** What all measurements of one call of the bench share. */
export interface Bench {
  readonly isQuick: boolean;
  readonly programs: Programs;
  readonly load: Child<LoadCalls>;
  /** `null`: there is none, events are published in the servers' processes. */
  readonly redis: BenchRedis | null;
  /** Where CPU profiles of the measured windows go; `null`: none are made. */
  readonly profiles: Profiles | null;
}

interface Profiles {
  readonly directory: string;
  /** Names the profile that is made next. */
  name: string;
}
