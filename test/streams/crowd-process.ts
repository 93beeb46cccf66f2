import { setTimeout as delay } from "node:timers/promises";
import type { TopicKey } from "../../server/src/store/store.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { TroubledStore } from "./troubled-store.js";
import { Visitor } from "./visitor.js";

/**
 * A process of its own, started with --expose-gc: crowds of streams of thousands of topics come, go through faults and
 * leave. Says on stdout, as one line of JSON, what is left after them.
 */

export interface CrowdRemains {
  readonly streams: number;
  readonly events: number;
  readonly gaps: number;
  readonly listeners: number;
  readonly timers: number;
  /** After each wave, once everything was collected. */
  readonly heldBytes: readonly number[];
}

const [waves, topicsPerWave, streamsPerTopic] = [2, 2_000, 3];
/** A hub outlives its last subscriber by five seconds. */
const lingerMs = 5_500;
const body = JSON.stringify({ json: { type: "event", text: "x".repeat(1_000) } });

const store = new TroubledStore();
const hubs = new TopicHubs(store, () => {});
const total = { streams: 0, events: 0, gaps: 0 };
const heldBytes: number[] = [];

for (let wave = 0; wave < waves; wave++) {
  await visit(Array.from({ length: topicsPerWave }, (_, index) => ({ scope: `${wave}`, topic: `${index}` })));
  await store.loseLogs();
  await delay(lingerMs);
  heldBytes.push(collect());
}
const remains: CrowdRemains = {
  ...total,
  listeners: store.listeners.size,
  timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout").length,
  heldBytes,
};
process.stdout.write(`${JSON.stringify(remains)}\n`);
await hubs[Symbol.asyncDispose]();
await store[Symbol.asyncDispose]();

async function visit(topics: readonly TopicKey[]): Promise<void> {
  const publish = () =>
    Promise.all(
      topics.map(({ scope, topic }) => store.commit({ scope, events: [{ topic, type: "event", body }] })),
    );
  await publish();
  const visitors = topics.flatMap((topic) =>
    Array.from(
      { length: streamsPerTopic },
      (_, index) => new Visitor({ hubs, topic, isIterated: index === 0 }),
    ),
  );
  // Some never see anything.
  const staying = visitors.filter((visitor, index) => index % 5 > 0 || visitor.leave());
  await until(() => staying.every(({ events }) => events === 1));
  store.dropMessages();
  await publish();
  store.deliverMessages();
  store.refuse("replay", 300);
  store.restore();
  await until(() => staying.every(({ events }) => events === 2));
  // Others leave while their topic finds out that its log is gone.
  await store.loseLogs();
  store.latencyTurns = 1;
  store.restore();
  const watching = staying.filter((visitor, index) => index % 5 > 0 || visitor.leave());
  await until(() => watching.every(({ gaps }) => gaps === 1));
  await publish();
  await until(() => watching.every(({ events }) => events === 3));
  for (const visitor of watching) visitor.leave();
  store.latencyTurns = 0;
  total.streams += visitors.length;
  for (const { events, gaps } of visitors) {
    total.events += events;
    total.gaps += gaps;
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let patience = 0; !isSo(); patience++) {
    if (patience === 2_000) throw new Error("It does not come to that.");
    await delay(5);
  }
}

function collect(): number {
  if (!globalThis.gc) throw new Error("Start this with --expose-gc.");
  for (let round = 0; round < 3; round++) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
