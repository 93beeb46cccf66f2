import { expect, test } from "vitest";
import { FairTurns } from "../../server/src/streams/fair-turns.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { newTopic, publish, Reading } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

/** Streams that replay leave the process to those that are live, however many they are. */

const ignore = () => {};
const readers = 100;
const events = 600;

test("of a hundred logs that are replayed a few are read at a time, and each stream has its events in order", async () => {
  await using store = new TroubledStore();
  await using hubs = new TopicHubs(store, ignore);
  const published = await logsIn(store);
  store.latencyTurns = 2;
  const readings = published.map(({ topic }) => new Reading("delivered", { hubs, topic }));
  for (const reading of readings) await reading.count(events);
  expect(store.mostAtOnce.replay).toBeLessThanOrEqual(2);
  expect(readings.map(({ ids }) => ids)).toEqual(published.map(({ ids }) => ids));
});

test("loops that never have to wait share what there is in one turn of the event loop, one after the other", async () => {
  const turns = new FairTurns();
  const perTurn = new CountsPerTurn();
  const values: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, async (_, loop) => {
      for (let value = 0; value < 50; value++) {
        await turns.next();
        perTurn.count();
        values.push(loop);
      }
    }),
  );
  expect(perTurn.most).toBeLessThanOrEqual(64);
  expect(new Set(values.slice(-20)).size).toBe(20);
});

/** Logs that reach further back than what a hub keeps in memory. */
async function logsIn(store: TroubledStore) {
  const topics = Array.from({ length: readers }, newTopic);
  return Promise.all(topics.map(async (topic) => ({ topic, ids: await publish(store, topic, events) })));
}

/** How much happens between two turns of the event loop. */
class CountsPerTurn {
  most = 0;
  #now = 0;

  count(): void {
    if (this.#now === 0) setImmediate(() => (this.#now = 0));
    this.#now += 1;
    this.most = Math.max(this.most, this.#now);
  }
}
