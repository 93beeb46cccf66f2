import { expect, test } from "vitest";
import {
  accept,
  append,
  countTo,
  entriesOf,
  eventsOf,
  newEvent,
  newEvents,
  newTopic,
  offsetsOf,
  retained,
  upTo,
} from "./store-fixtures.js";
import type { OpenStore } from "./store-fixtures.js";

export function replayContract(open: OpenStore): void {
  test("from null starts with the oldest event and returns entries as they were committed", async () => {
    await using store = await open();
    const topic = newTopic();
    const cursors = await append(store, topic, 3);
    const head = { cursor: cursors[2], closed: false };
    const entries = countTo(3).map((offset) => ({
      offset,
      type: `e${offset}`,
      body: `{"type":"e${offset}"}`,
      last: false,
    }));
    expect(await store.replay(topic, null, upTo(10))).toEqual({ kind: "events", entries, head });
  });

  test("from a cursor starts with the event after it, from every cursor of the log", async () => {
    await using store = await open();
    const topic = newTopic();
    const cursors = await append(store, topic, 5);
    for (const cursor of cursors) {
      const entries = entriesOf(await store.replay(topic, cursor, upTo(10)));
      expect(offsetsOf(entries)).toEqual(countTo(5, cursor.offset + 1));
    }
  });

  test("from offset 0 of the epoch is the whole log", async () => {
    await using store = await open();
    const topic = newTopic();
    const { cursor } = await store.head(topic);
    await append(store, topic, 3);
    expect(offsetsOf(entriesOf(await store.replay(topic, cursor, upTo(10))))).toEqual([1, 2, 3]);
  });

  test("from the head is empty and says where the head is", async () => {
    await using store = await open();
    const topic = newTopic();
    const cursor = (await append(store, topic, 2))[1] ?? null;
    expect(await store.replay(topic, cursor, upTo(10))).toEqual({
      kind: "events",
      entries: [],
      head: { cursor, closed: false },
    });
  });

  test("returns at most `limit` entries, so that pages follow each other to the head", async () => {
    await using store = await open();
    const topic = newTopic();
    const cursors = await append(store, topic, 7);
    const pages: number[][] = [];
    for (let after = null as (typeof cursors)[number] | null; ;) {
      const { entries, head } = eventsOf(await store.replay(topic, after, upTo(3)));
      expect(head.cursor).toEqual(cursors[6]);
      if (entries.length === 0) break;
      pages.push(offsetsOf(entries));
      after = cursors[(entries.at(-1)?.offset ?? 0) - 1] ?? null;
    }
    expect(pages).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  });

  test("of a topic nobody has written to is empty, and its epoch stays when it is written to", async () => {
    await using store = await open();
    const topic = newTopic();
    const { entries, head } = eventsOf(await store.replay(topic, null, upTo(10)));
    expect(entries).toEqual([]);
    expect(head).toEqual({ cursor: { epoch: expect.stringMatching(/./), offset: 0 }, closed: false });
    const [cursor] = await append(store, topic, 1);
    expect(cursor).toEqual({ epoch: head.cursor.epoch, offset: 1 });
  });

  test("and a head ask for a new topic at once and agree on its epoch", async () => {
    await using store = await open();
    const topic = newTopic();
    const asked = await Promise.all([
      store.head(topic).then(({ cursor }) => cursor.epoch),
      store.replay(topic, null, upTo(10)).then((replay) => eventsOf(replay).head.cursor.epoch),
      store.head(topic).then(({ cursor }) => cursor.epoch),
      append(store, topic, 1).then(([cursor]) => cursor?.epoch),
    ]);
    expect(asked).toEqual(asked.map(() => asked[0]));
    expect((await store.head(topic)).cursor).toEqual({ epoch: asked[0], offset: 1 });
  });

  test("keeps the newest events of a topic, as many as retention says, each topic for itself", async () => {
    await using store = await open({ maxEvents: 5 });
    const topic = newTopic();
    const other = { ...topic, topic: "other" };
    await append(store, topic, 7);
    await append(store, other, 4);
    expect(offsetsOf(await retained(store, topic))).toEqual(countTo(7, 3));
    expect(offsetsOf(await retained(store, other))).toEqual(countTo(4));
  });

  test("keeps the newest events also of one commit that appends more than retention keeps", async () => {
    await using store = await open({ maxEvents: 5 });
    const { scope, topic } = newTopic();
    const cursors = await accept(store, { scope, events: newEvents(topic, 12) });
    expect(offsetsOf(cursors)).toEqual(countTo(12));
    expect(offsetsOf(await retained(store, { scope, topic }))).toEqual(countTo(12, 8));
  });

  test("keeps the newest events that fit in the bytes that retention allows, and always the newest one", async () => {
    await using store = await open({ maxEvents: 100, maxBytes: 1000 });
    const topic = newTopic();
    const sized = (bytes: number) => ({ topic: topic.topic, type: "e", body: "é".repeat(bytes / 2) });
    const add = (...sizes: number[]) => accept(store, { scope: topic.scope, events: sizes.map(sized) });
    for (const size of [300, 300, 300]) await add(size);
    expect(offsetsOf(await retained(store, topic))).toEqual([1, 2, 3]);
    await add(300);
    expect(offsetsOf(await retained(store, topic))).toEqual([2, 3, 4]);
    await add(5000);
    expect(offsetsOf(await retained(store, topic))).toEqual([5]);
    await add(100, 100, 400);
    expect(offsetsOf(await retained(store, topic))).toEqual([6, 7, 8]);
    await add(...Array.from({ length: 60 }, () => 20));
    expect(offsetsOf(await retained(store, topic))).toEqual(countTo(68, 19));
    const [newest] = await add(2000);
    const epoch = newest?.epoch ?? "";
    expect(await store.replay(topic, { epoch, offset: 30 }, upTo(10))).toEqual({
      kind: "gap",
      reason: "trimmed",
      resumeAfter: { epoch, offset: 68 },
    });
  });

  test("returns no more bytes than the page holds, but at least one entry, so that pages follow each other", async () => {
    await using store = await open();
    const topic = newTopic();
    const sizes = [10, 10, 10, 3000, 3000, 10, 900, 900, 10, ...Array.from({ length: 40 }, () => 100)];
    const events = sizes.map((bytes) => ({ topic: topic.topic, type: "e", body: "x".repeat(bytes) }));
    const [first] = await accept(store, { scope: topic.scope, events });
    const pages: number[][] = [];
    for (let offset = 0; offset < sizes.length;) {
      const after = { epoch: first?.epoch ?? "", offset };
      const entries = entriesOf(await store.replay(topic, after, { entries: 30, bytes: 1000 }));
      pages.push(entries.map(({ body }) => body.length));
      offset = entries.at(-1)?.offset ?? sizes.length;
    }
    const tenOf100 = Array.from({ length: 10 }, () => 100);
    expect(pages).toEqual([
      [10, 10, 10],
      [3000],
      [3000],
      [10, 900],
      [900, 10],
      tenOf100,
      tenOf100,
      tenOf100,
      tenOf100,
    ]);
  });

  test("after a trimmed event is a gap up to right before the oldest retained one", async () => {
    await using store = await open({ maxEvents: 5 });
    const topic = newTopic();
    const cursors = await append(store, topic, 12);
    const epoch = cursors[0]?.epoch ?? "";
    const resumeAfter = { epoch, offset: 7 };
    for (const offset of countTo(6, 0)) {
      expect(await store.replay(topic, { epoch, offset }, upTo(10))).toEqual({
        kind: "gap",
        reason: "trimmed",
        resumeAfter,
      });
    }
    expect(offsetsOf(entriesOf(await store.replay(topic, resumeAfter, upTo(10))))).toEqual(countTo(12, 8));
    expect(offsetsOf(entriesOf(await store.replay(topic, { epoch, offset: 8 }, upTo(10))))).toEqual(
      countTo(12, 9),
    );
  });

  test("after a cursor of another epoch is a gap, log-lost, to before the oldest retained event", async () => {
    await using store = await open({ maxEvents: 5 });
    const topic = newTopic();
    const epoch = (await append(store, topic, 8))[0]?.epoch ?? "";
    const resumeAfter = { epoch, offset: 3 };
    for (const offset of [0, 3, 8, 100]) {
      const replay = await store.replay(topic, { epoch: "anotherepoch", offset }, upTo(10));
      expect(replay).toEqual({ kind: "gap", reason: "log-lost", resumeAfter });
    }
  });

  test("after another epoch's cursor in a topic without events is a gap to its beginning", async () => {
    await using store = await open();
    const topic = newTopic();
    const { cursor } = await store.head(topic);
    expect(await store.replay(topic, { epoch: "anotherepoch", offset: 4 }, upTo(10))).toEqual({
      kind: "gap",
      reason: "log-lost",
      resumeAfter: cursor,
    });
    expect(cursor.offset).toBe(0);
  });

  test("after an offset beyond the head is a gap, log-lost, to the head", async () => {
    await using store = await open();
    const topic = newTopic();
    const head = (await append(store, topic, 3))[2];
    for (const offset of [4, 1000, 999_999_999_999_999]) {
      const replay = await store.replay(topic, { epoch: head?.epoch ?? "", offset }, upTo(10));
      expect(replay).toEqual({ kind: "gap", reason: "log-lost", resumeAfter: head });
    }
  });

  test("shows where a closed topic ends: the entry is the last and the head is closed", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    await accept(store, { scope, events: [newEvent(topic, "open")] });
    expect(await store.head({ scope, topic })).toMatchObject({ closed: false });
    const events = [newEvent(topic, "still open"), { ...newEvent(topic, "end"), last: true }];
    const cursor = (await accept(store, { scope, events }))[1] ?? null;
    expect(await store.head({ scope, topic })).toEqual({ cursor, closed: true });
    const { entries, head } = eventsOf(await store.replay({ scope, topic }, null, upTo(10)));
    expect(entries.map(({ last }) => last)).toEqual([false, false, true]);
    expect(head).toEqual({ cursor, closed: true });
    expect(await store.replay({ scope, topic }, cursor, upTo(10))).toMatchObject({
      entries: [],
      head: { closed: true },
    });
  });

  test("is not disturbed by commits meanwhile: pages have no holes", async () => {
    await using store = await open();
    const topic = newTopic();
    const { cursor } = await store.head(topic);
    const writing = append(store, topic, 60);
    const seen: number[] = [];
    for (let after = cursor; seen.length < 60;) {
      const entries = entriesOf(await store.replay(topic, after, upTo(7)));
      seen.push(...offsetsOf(entries));
      after = { epoch: cursor.epoch, offset: seen.at(-1) ?? 0 };
    }
    await writing;
    expect(seen).toEqual(countTo(60));
  });
}
