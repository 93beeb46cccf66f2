import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { Reading, newTopic, publish, settled, ways } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

/** Invariant 5: what is disposed leaves no timer and no listener. */

const ignore = () => {};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test.each(ways)(
  "disposing the hubs ends every %s stream, to be opened again elsewhere, and leaves nothing",
  async (way) => {
    await using store = new TroubledStore();
    const hubs = new TopicHubs(store, ignore);
    const topics = [newTopic(), newTopic()];
    const readings = topics.flatMap((topic) => [
      new Reading(way, { hubs, topic }),
      new Reading(way, { hubs, topic }),
    ]);
    await settled();
    expect(store.listeners.size).toBe(2);
    await hubs[Symbol.asyncDispose]();
    for (const { ended } of readings) expect(await ended).toMatchObject({ reason: "STORE_UNAVAILABLE" });
    await settled();
    expect(store.listeners.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  },
);

test("disposing the hubs ends a lingering hub with its timer", async () => {
  await using store = new TroubledStore();
  const hubs = new TopicHubs(store, ignore);
  const lease = await hubs.acquire(newTopic());
  lease[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(1);
  await hubs[Symbol.asyncDispose]();
  expect(store.listeners.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("a lease that is returned after the hubs were disposed leaves no timer", async () => {
  await using store = new TroubledStore();
  const hubs = new TopicHubs(store, ignore);
  const lease = await hubs.acquire(newTopic());
  await hubs[Symbol.asyncDispose]();
  lease[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(0);
});

test("the hubs can be disposed while one of them is being opened", async () => {
  await using store = new TroubledStore();
  const hubs = new TopicHubs(store, ignore);
  const gate = store.hold("head", "before");
  const acquiring = Promise.allSettled([hubs.acquire(newTopic())]);
  await gate.reached;
  const disposing = hubs[Symbol.asyncDispose]();
  gate.open();
  await disposing;
  for (const result of await acquiring) if (result.status === "fulfilled") result.value[Symbol.dispose]();
  expect(store.listeners.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("the hubs can be disposed while one of them fails to open", async () => {
  await using store = new TroubledStore();
  const hubs = new TopicHubs(store, ignore);
  const gate = store.hold("head", "before");
  store.refuse("head", 1);
  const acquiring = Promise.allSettled([hubs.acquire(newTopic())]);
  await gate.reached;
  const disposing = hubs[Symbol.asyncDispose]();
  gate.open();
  await disposing;
  expect(await acquiring).toMatchObject([{ reason: { reason: "STORE_UNAVAILABLE" } }]);
  expect(store.listeners.size).toBe(0);
});

test("a hub that is trying to catch up leaves no timer when it is disposed, however often it failed", async () => {
  await using store = new TroubledStore();
  const errors = vi.fn<(error: unknown) => void>();
  const hubs = new TopicHubs(store, errors);
  const topic = newTopic();
  await hubs.acquire(topic);
  store.refuse("replay", 100);
  for (const failures of [1, 2, 3]) {
    store.restore();
    await settled();
    expect(errors).toHaveBeenCalledTimes(failures);
  }
  expect(vi.getTimerCount()).toBe(1);
  await hubs[Symbol.asyncDispose]();
  expect(vi.getTimerCount()).toBe(0);
});

test("a hub that is disposed while it catches up neither tries again nor complains when that fails", async () => {
  await using store = new TroubledStore();
  const errors = vi.fn<(error: unknown) => void>();
  const hubs = new TopicHubs(store, errors);
  const topic = newTopic();
  await hubs.acquire(topic);
  const gate = store.hold("replay", "before");
  store.refuse("replay", 1);
  store.restore();
  await gate.reached;
  await hubs[Symbol.asyncDispose]();
  gate.open();
  await settled();
  expect(vi.getTimerCount()).toBe(0);
  expect(errors).not.toHaveBeenCalled();
});

test("hubs that were disposed open no new one", async () => {
  await using store = new TroubledStore();
  const hubs = new TopicHubs(store, ignore);
  await hubs[Symbol.asyncDispose]();
  await expect(hubs.acquire(newTopic())).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
  expect(store.listeners.size).toBe(0);
});

test("a disposed hub hears nothing more", async () => {
  await using store = new TroubledStore();
  const hubs = new TopicHubs(store, ignore);
  const topic = newTopic();
  const { hub } = await hubs.acquire(topic);
  await publish(store, topic, 2);
  await settled();
  const { head } = hub;
  await hubs[Symbol.asyncDispose]();
  await publish(store, topic, 2);
  await settled();
  expect(hub.head).toEqual(head);
  expect(head.offset).toBe(2);
});
