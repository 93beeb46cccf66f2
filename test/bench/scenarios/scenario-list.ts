import { connect, connectLayers } from "./connect.js";
import { fanoutBurst } from "./fanout-burst.js";
import { fanoutPaced } from "./fanout-paced.js";
import { idle } from "./idle.js";
import { latency } from "./latency.js";
import { manyTopics } from "./many-topics.js";
import { replay } from "./replay.js";
import type { Scenario } from "./scenario.js";
import { storm } from "./storm.js";

export const scenarios: readonly Scenario[] = [
  fanoutPaced,
  fanoutBurst,
  manyTopics,
  idle,
  connect,
  connectLayers,
  storm,
  latency,
  replay,
];
