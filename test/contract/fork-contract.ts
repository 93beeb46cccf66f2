import type { Cursor } from "@jobwire/shared";
import { expect, test } from "vitest";
import {
  RecordingListener,
  accept,
  append,
  countTo,
  entriesOf,
  newEvent,
  newTopic,
  offsetsOf,
  retained,
  upTo,
} from "./store-fixtures.js";
import type { OpenStore } from "./store-fixtures.js";

export function forkContract(open: OpenStore): void {
  test("gives the log another epoch and leaves its entries and offsets", async () => {
    await using store = await open();
    const topic = newTopic();
    const [first] = await append(store, topic, 5);
    const before = await retained(store, topic);
    await store.fork(topic, at(first, 3));
    const { cursor, closed } = await store.head(topic);
    expect(cursor.epoch).not.toBe(first?.epoch);
    expect(cursor.epoch).toMatch(/^[0-9a-z]{1,32}$/);
    expect({ offset: cursor.offset, closed }).toEqual({ offset: 5, closed: false });
    expect(await retained(store, topic)).toEqual(before);
    expect(await append(store, topic, 1)).toEqual([at(cursor, 6)]);
  });

  test("lets cursors of before go on up to where the logs part, and says log-lost after that", async () => {
    await using store = await open();
    const topic = newTopic();
    const [first] = await append(store, topic, 5);
    await store.fork(topic, at(first, 3));
    const { cursor } = await store.head(topic);
    await append(store, topic, 4);
    for (const offset of [0, 1, 2, 3]) {
      expect(offsetsOf(entriesOf(await store.replay(topic, at(first, offset), upTo(100))))).toEqual(
        countTo(9, offset + 1),
      );
    }
    for (const offset of [4, 5, 6, 9, 10, 100])
      expect(await store.replay(topic, at(first, offset), upTo(100))).toEqual(lostAfter(cursor, 3));
    expect(await store.replay(topic, at(cursor, 10), upTo(100))).toEqual(lostAfter(cursor, 9));
    expect(offsetsOf(entriesOf(await store.replay(topic, at(cursor, 5), upTo(100))))).toEqual([6, 7, 8, 9]);
  });

  test("is told to listeners by the epoch of the next message", async () => {
    await using store = await open();
    const topic = newTopic();
    const listener = new RecordingListener();
    await using _listening = await store.listen(topic, listener);
    const [first] = await append(store, topic, 2);
    await store.fork(topic, at(first, 1));
    await accept(store, { scope: topic.scope, events: [newEvent(topic.topic, "after")] });
    await listener.until("after");
    const { epoch } = (await store.head(topic)).cursor;
    expect(listener.messages.map((message) => message.epoch)).toEqual([first?.epoch, first?.epoch, epoch]);
    expect(offsetsOf(listener.entries)).toEqual([1, 2, 3]);
  });

  test("happens once, however many ask for it", async () => {
    await using store = await open();
    const topic = newTopic();
    const [first] = await append(store, topic, 5);
    await Promise.all(countTo(10).map(() => store.fork(topic, at(first, 3))));
    const { cursor } = await store.head(topic);
    await store.fork(topic, at(first, 1));
    await store.fork(topic, { epoch: "another", offset: 1 });
    expect((await store.head(topic)).cursor).toEqual(cursor);
    expect(offsetsOf(entriesOf(await store.replay(topic, at(first, 3), upTo(100))))).toEqual([4, 5]);
  });

  test("after a fork remembers both, and what all of them share", async () => {
    await using store = await open();
    const topic = newTopic();
    const [first] = await append(store, topic, 8);
    await store.fork(topic, at(first, 6));
    const second = (await store.head(topic)).cursor;
    await store.fork(topic, at(second, 4));
    const third = (await store.head(topic)).cursor;
    for (const epoch of [first, second]) {
      expect(offsetsOf(entriesOf(await store.replay(topic, at(epoch, 4), upTo(100))))).toEqual([5, 6, 7, 8]);
      for (const offset of [5, 6, 7])
        expect(await store.replay(topic, at(epoch, offset), upTo(100))).toEqual(lostAfter(third, 4));
    }
    await store.fork(topic, at(third, 7));
    const fourth = (await store.head(topic)).cursor;
    expect(offsetsOf(entriesOf(await store.replay(topic, at(third, 7), upTo(100))))).toEqual([8]);
    expect(await store.replay(topic, at(third, 8), upTo(100))).toEqual(lostAfter(fourth, 7));
    expect(await store.replay(topic, at(first, 5), upTo(100))).toEqual(lostAfter(fourth, 4));
  });

  test("of long ago is forgotten: its cursors are log-lost, never taken for others", async () => {
    await using store = await open();
    const topic = newTopic();
    const [first] = await append(store, topic, 5);
    for (let fork = 0; fork < 30; fork++) await store.fork(topic, (await store.head(topic)).cursor);
    const { cursor } = await store.head(topic);
    expect(cursor.epoch).not.toBe(first?.epoch);
    expect(await store.replay(topic, at(first, 2), upTo(100))).toEqual(lostAfter(cursor, 0));
  });

  test("of a log that has been trimmed meanwhile says what is missing, exactly", async () => {
    await using store = await open({ maxEvents: 5 });
    const topic = newTopic();
    const [first] = await append(store, topic, 5);
    await store.fork(topic, at(first, 3));
    await append(store, topic, 7);
    const { cursor } = await store.head(topic);
    expect(await store.replay(topic, at(first, 2), upTo(100))).toEqual({
      ...lostAfter(cursor, 7),
      reason: "trimmed",
    });
    expect(await store.replay(topic, at(first, 4), upTo(100))).toEqual(lostAfter(cursor, 7));
  });

  test("of a closed topic leaves it closed, and it is still dropped", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const events = [newEvent(topic, "e1"), { ...newEvent(topic, "end"), last: true }];
    const [first] = await accept(store, { scope, events });
    await store.fork({ scope, topic }, at(first, 1));
    const { cursor, closed } = await store.head({ scope, topic });
    expect({ offset: cursor.offset, closed }).toEqual({ offset: 2, closed: true });
  });

  test("is forgotten with the topic", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const [first] = await append(store, { scope, topic }, 2);
    await store.fork({ scope, topic }, at(first, 2));
    await accept(store, { scope, events: [{ ...newEvent(topic, "end"), last: true }], retainMs: 0 });
    await append(store, { scope, topic }, 3);
    const { cursor } = await store.head({ scope, topic });
    expect(await store.replay({ scope, topic }, at(first, 1), upTo(100))).toEqual(lostAfter(cursor, 0));
  });
}

function at(cursor: Cursor | undefined, offset: number): Cursor {
  return { epoch: cursor?.epoch ?? "", offset };
}

function lostAfter(cursor: Cursor, offset: number) {
  return { kind: "gap", reason: "log-lost", resumeAfter: at(cursor, offset) };
}
