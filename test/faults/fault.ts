import type { Load } from "./support/load.js";
import type { Random } from "./support/random.js";
import type { Stage, Topology } from "./support/stage.js";
import type { Watcher } from "./support/watcher.js";

/** What a fault is done to. */
export interface Scene {
  readonly stage: Stage;
  /** Publishing and watching all the time. */
  readonly load: Load;
  readonly random: Random;
  /** For the tests: long enough to bite, no longer. */
  readonly isShort: boolean;
}

interface Aftermath {
  /** Marks of events that the fault took from Redis: acknowledged, and gone all the same. */
  readonly taken?: ReadonlySet<string>;
  /** What the fault took out of logs and left the rest: by topic, each event as plain JSON by its offset. */
  readonly evicted?: ReadonlyMap<string, ReadonlyMap<number, string>>;
  /** When Redis answered again, in milliseconds of `performance.now()`; default: when the fault was over. */
  readonly answeringSince?: number;
}

export interface Fault {
  readonly name: string;
  /** What happens, in one line. */
  readonly title: string;
  /** How many gaps a stream that was live before the fault may see; default: none. */
  readonly gapsOf?: (watcher: Watcher) => readonly number[];
  /** What Redis has to be; default: one server. Sentinels serve one run. */
  readonly topology?: Topology;
  /** Does harm and resolves when Redis and the servers answer again. @throws when it had not the effect it should. */
  strike(scene: Scene): Promise<Aftermath | void>;
}
