import { expect, test, vi } from "vitest";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { Reading, newTopic, publish, settled } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

const topicCount = 3_000;
/** Of all topics, so many read the log at a time. */
const maxAtOnce = 64;
const ignore = () => {};

/** Many topics with a stream each, which have received one event and then missed another. */
async function missOnManyTopics(store: TroubledStore, hubs: TopicHubs) {
  const streams = await Promise.all(
    Array.from({ length: topicCount }, async () => {
      const topic = newTopic();
      const reading = new Reading("delivered", { hubs, topic });
      const ids = await publish(store, topic);
      return { topic, reading, ids };
    }),
  );
  for (const { reading } of streams) await reading.count(1);
  store.dropMessages();
  for (const { topic, ids } of streams) ids.push(...(await publish(store, topic)));
  store.deliverMessages();
  store.mostAtOnce.replay = 0;
  store.calls.replay = 0;
  return streams;
}

test("after a lost connection each topic reads the log once, and never more than 64 of them at a time", async () => {
  await using store = new TroubledStore();
  await using hubs = new TopicHubs(store, ignore);
  const streams = await missOnManyTopics(store, hubs);
  store.latencyTurns = 1;
  store.restore();
  for (const { reading } of streams) await reading.count(2);
  await settled();
  for (const { reading, ids } of streams) expect(reading.ids).toEqual(ids);
  expect(store.calls.replay).toBe(topicCount);
  expect(store.mostAtOnce.replay).toBe(maxAtOnce);
});

test("topics that wait for their turn lose nothing that comes meanwhile, and take what is live afterwards", async () => {
  await using store = new TroubledStore();
  await using hubs = new TopicHubs(store, ignore);
  const streams = await missOnManyTopics(store, hubs);
  store.latencyTurns = 1;
  store.restore();
  for (const { topic, ids } of streams) ids.push(...(await publish(store, topic, 2)));
  for (const { reading } of streams) await reading.count(4);
  const { replay } = store.calls;
  for (const { topic, ids } of streams) ids.push(...(await publish(store, topic)));
  for (const { reading, ids } of streams) {
    await reading.count(5);
    expect(reading.ids).toEqual(ids);
  }
  expect(store.calls.replay).toBe(replay);
});

test("topics that fail try again without holding up the others, and all get there", async () => {
  await using store = new TroubledStore();
  const errors = vi.fn<(error: unknown) => void>();
  await using hubs = new TopicHubs(store, errors);
  const streams = await missOnManyTopics(store, hubs);
  const refused = 2 * maxAtOnce;
  store.refuse("replay", refused);
  store.latencyTurns = 1;
  store.restore();
  for (const { reading, ids } of streams) {
    await reading.count(2);
    expect(reading.ids).toEqual(ids);
  }
  expect(errors).toHaveBeenCalledTimes(refused);
  expect(store.calls.replay).toBe(topicCount + refused);
  expect(store.mostAtOnce.replay).toBe(maxAtOnce);
});

test("a store that is known to be away is not asked, and nothing is complained of", async () => {
  await using store = new TroubledStore();
  const errors = vi.fn<(error: unknown) => void>();
  await using hubs = new TopicHubs(store, errors);
  const streams = await missOnManyTopics(store, hubs);
  store.isReachable = false;
  store.restore();
  await settled();
  expect(store.calls.replay).toBe(0);
  store.isReachable = true;
  for (const { reading, ids } of streams) {
    await reading.count(2);
    expect(reading.ids).toEqual(ids);
  }
  expect(errors).not.toHaveBeenCalled();
  expect(store.mostAtOnce.replay).toBeLessThanOrEqual(maxAtOnce);
});

test("hubs that are disposed while most of them wait for their turn ask nothing more", async () => {
  await using store = new TroubledStore();
  const hubs = new TopicHubs(store, ignore);
  await missOnManyTopics(store, hubs);
  const gates = Array.from({ length: maxAtOnce }, () => store.hold("replay", "before"));
  store.restore();
  await Promise.all(gates.map(({ reached }) => reached));
  await hubs[Symbol.asyncDispose]();
  for (const gate of gates) gate.open();
  await settled();
  expect(store.calls.replay).toBe(maxAtOnce);
  expect(store.listeners.size).toBe(0);
});
