import { expect, onTestFinished, test, vi } from "vitest";
import { FairTurns } from "../../server/src/streams/fair-turns.js";
import { ReadTurns } from "../../server/src/streams/read-turns.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { newTopic, publish, Reading } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

/** Streams that replay leave the process to those that are live, however many they are. */

const ignore = () => {};
const readers = 100;
const events = 600;

test("of a hundred logs that are replayed a few are read at a time, and each stream has its events in order", async () => {
  stopTimers();
  await using store = new TroubledStore();
  await using hubs = new TopicHubs(store, ignore);
  const published = await logsIn(store);
  store.latencyTurns = 2;
  const readings = published.map(({ topic }) => new Reading("delivered", { hubs, topic }));
  for (const reading of readings) await reading.count(events);
  expect(store.mostAtOnce.replay).toBeLessThanOrEqual(2);
  expect(readings.map(({ ids }) => ids)).toEqual(published.map(({ ids }) => ids));
});

test("reads that the store does not answer keep nobody else from reading", async () => {
  const reads = new ReadTurns(2);
  const unanswered = () => new Promise<never>(() => {});
  for (let index = 0; index < 5; index++) void reads.read(unanswered);
  expect(await reads.read(async () => "answered")).toBe("answered");
});

test("no more reads than may be under way are asked of a store that answers, however they end", async () => {
  stopTimers();
  const reads = new ReadTurns(2);
  const [asked, ended] = [[] as number[], [] as unknown[]];
  let open = 0;
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const answer = async () => {
        asked.push(++open);
        await new Promise(setImmediate);
        open -= 1;
        if (index % 3 === 0) throw new Error("refused");
      };
      await reads.read(answer).catch((error: unknown) => ended.push(error));
    }),
  );
  expect(asked).toHaveLength(50);
  expect(Math.max(...asked)).toBe(2);
  expect(ended).toHaveLength(17);
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

/** However busy the machine is, no answer is late. */
function stopTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
}

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
