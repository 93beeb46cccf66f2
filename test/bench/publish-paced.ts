import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { createEvent, nowUs, type BenchEvent } from "./event.js";

/** What is published: an event to each topic in turn, `perTick` of them every `tickMs`. */
export interface Pace {
  readonly topics: readonly string[];
  readonly eventsPerTopic: number;
  readonly perTick: number;
  readonly tickMs: number;
}

/**
 * Resolves when all is published.
 * @param first the number of the first event in each topic
 * @param publish those of one tick
 */
export async function publishPaced(
  { topics, eventsPerTopic, perTick, tickMs }: Pace,
  first: number,
  publish: (events: readonly { topic: string; event: BenchEvent }[]) => Promise<unknown>,
): Promise<void> {
  const all = Array.from({ length: eventsPerTopic }, (_, index) => first + index).flatMap((seq) =>
    topics.map((topic) => ({ topic, seq })),
  );
  const answers: Promise<unknown>[] = [];
  const startedAtUs = nowUs();
  for (let start = 0; start < all.length; start += perTick) {
    const waitMs = (start / perTick) * tickMs - (nowUs() - startedAtUs) / 1000;
    // Late or not, answers are to be read in between.
    if (waitMs > 0.5) await delay(waitMs);
    else await nextTurn();
    const events = all
      .slice(start, start + perTick)
      .map(({ topic, seq }) => ({ topic, event: createEvent(seq) }));
    answers.push(publish(events));
  }
  await Promise.all(answers);
}
