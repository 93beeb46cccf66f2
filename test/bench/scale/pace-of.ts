import type { Pace } from "../publish-paced.js";

const deliveriesPerSecond = 30_000;

/** So many deliveries a second, however many streams the topic has. */
export function paceOf(topic: string, streams: number, seconds: number): Pace {
  const eventsPerSecond = deliveriesPerSecond / streams;
  return {
    topics: [topic],
    eventsPerTopic: Math.round(eventsPerSecond * seconds),
    perTick: 1,
    tickMs: 1000 / eventsPerSecond,
  };
}
