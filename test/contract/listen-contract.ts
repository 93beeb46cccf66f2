import { expect, test } from "vitest";
import {
  RecordingListener,
  accept,
  countTo,
  eventually,
  newEvent,
  newEvents,
  newScope,
  newTopic,
  offsetsOf,
  retained,
} from "./store-fixtures.js";
import type { OpenStore } from "./store-fixtures.js";

/** Bodies are JSON text on one line; a store must not read them. */
const bodies = {
  unicode: '{"json":"žluťoučký 漢字 \u202eright to left\u2028"}',
  emoji: '{"json":"🧵👩‍👩‍👧‍👦"}',
  quotes: String.raw`{"json":"\"double\" 'single' \`back\`"}`,
  backslashes: String.raw`{"json":"C:\\temp\\new \\\\ \n \u0000"}`,
  "lone surrogate escapes": String.raw`{"json":"\ud800 \udfff"}`,
  "percent signs and braces": '{"json":"100 % %s %n {0} $1 ${x}"}',
  "a carriage return, a tab and a NUL": '{"json":"\r\t\0"}',
  nothing: "",
  "what is not JSON": "1 1 epoch type",
  "one megabyte": JSON.stringify({ json: "ü".repeat(512 * 1024) }),
};

export function listenContract(open: OpenStore): void {
  test("gets one message for each commit and topic, with all its entries in order", async () => {
    await using store = await open();
    const scope = newScope();
    const [a, b] = [new RecordingListener(), new RecordingListener()];
    await using _a = await store.listen({ scope, topic: "a" }, a);
    await using _b = await store.listen({ scope, topic: "b" }, b);
    const [first] = await accept(store, {
      scope,
      events: "aba".split("").map((topic, index) => newEvent(topic, `e${index}`)),
    });
    await accept(store, { scope, events: [{ ...newEvent("a", "end"), last: true }] });
    await a.until("end");
    await b.until("e1");
    expect(a.messages).toEqual([
      {
        epoch: first?.epoch,
        entries: [
          { offset: 1, type: "e0", body: '{"type":"e0"}', last: false },
          { offset: 2, type: "e2", body: '{"type":"e2"}', last: false },
        ],
      },
      { epoch: first?.epoch, entries: [{ offset: 3, type: "end", body: '{"type":"end"}', last: true }] },
    ]);
    const { epoch } = (await store.head({ scope, topic: "b" })).cursor;
    expect(b.messages).toEqual([
      { epoch, entries: [{ offset: 1, type: "e1", body: '{"type":"e1"}', last: false }] },
    ]);
  });

  test("gets the commits of a burst in the order of the log", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const listener = new RecordingListener();
    await using _listening = await store.listen({ scope, topic }, listener);
    await Promise.all(
      countTo(200).map((number) => accept(store, { scope, events: [newEvent(topic, `e${number}`)] })),
    );
    await eventually(() => expect(listener.messages).toHaveLength(200));
    expect(listener.entries).toEqual(await retained(store, { scope, topic }));
    expect(offsetsOf(listener.entries)).toEqual(countTo(200));
  });

  test.each(Object.entries(bodies))(
    "gets a body of %s as it was committed, and so does a replay",
    async (_, body) => {
      await using store = await open();
      const { scope, topic } = newTopic();
      const listener = new RecordingListener();
      await using _listening = await store.listen({ scope, topic }, listener);
      await accept(store, {
        scope,
        events: [
          { topic, type: "first", body },
          { topic, type: "second", body },
        ],
      });
      await listener.until("second");
      expect(listener.entries.map((entry) => entry.body === body)).toEqual([true, true]);
      expect((await retained(store, { scope, topic })).map((entry) => entry.body === body)).toEqual([
        true,
        true,
      ]);
    },
  );

  test.each(["with space", "ünï-🧵", "a:b{c}", ""])("gets the type %j as it was committed", async (type) => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const listener = new RecordingListener();
    await using _listening = await store.listen({ scope, topic }, listener);
    await accept(store, { scope, events: [newEvent(topic, type), newEvent(topic, "end")] });
    await listener.until("end");
    expect(listener.entries.map((entry) => entry.type)).toEqual([type, "end"]);
    expect((await retained(store, { scope, topic })).map((entry) => entry.type)).toEqual([type, "end"]);
  });

  test("by two listeners on one topic tells both; one that is disposed hears nothing more", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const [leaving, staying] = [new RecordingListener(), new RecordingListener()];
    const listening = await store.listen({ scope, topic }, leaving);
    await using _staying = await store.listen({ scope, topic }, staying);
    await accept(store, { scope, events: [newEvent(topic, "both")] });
    await Promise.all([leaving.until("both"), staying.until("both")]);
    await listening[Symbol.asyncDispose]();
    await accept(store, { scope, events: [newEvent(topic, "one")] });
    await staying.until("one");
    expect(leaving.entries.map(({ type }) => type)).toEqual(["both"]);
    expect(staying.entries.map(({ type }) => type)).toEqual(["both", "one"]);
  });

  test("can be ended and begun again: what came in between is not told", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const [before, after] = [new RecordingListener(), new RecordingListener()];
    const listening = await store.listen({ scope, topic }, before);
    await accept(store, { scope, events: [newEvent(topic, "first")] });
    await before.until("first");
    await listening[Symbol.asyncDispose]();
    await listening[Symbol.asyncDispose]();
    await accept(store, { scope, events: [newEvent(topic, "between")] });
    await using _again = await store.listen({ scope, topic }, after);
    await accept(store, { scope, events: [newEvent(topic, "last")] });
    await after.until("last");
    expect(before.entries.map(({ type }) => type)).toEqual(["first"]);
    expect(after.entries.map(({ type }) => type)).toEqual(["last"]);
  });

  test("begun while another listener of the topic is being disposed hears what comes", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const [old, fresh] = [new RecordingListener(), new RecordingListener()];
    const listening = await store.listen({ scope, topic }, old);
    const leaving = listening[Symbol.asyncDispose]();
    await using _fresh = await store.listen({ scope, topic }, fresh);
    await leaving;
    await accept(store, { scope, events: [newEvent(topic, "fresh")] });
    await fresh.until("fresh");
    expect(old.messages).toEqual([]);
  });

  test("by fifty at once on a topic that is new tells each of them everything", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const listeners = countTo(50).map(() => new RecordingListener());
    const listening = await Promise.all(
      listeners.map((listener) => store.listen({ scope, topic }, listener)),
    );
    await accept(store, { scope, events: newEvents(topic, 3) });
    await Promise.all(listeners.map((listener) => listener.until("e3")));
    expect(listeners.map(({ entries }) => offsetsOf(entries))).toEqual(listeners.map(() => [1, 2, 3]));
    await Promise.all(listening.map((each) => each[Symbol.asyncDispose]()));
  });

  test("hears of a commit that drops everything at once", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const listener = new RecordingListener();
    await using _listening = await store.listen({ scope, topic }, listener);
    await accept(store, { scope, events: [{ ...newEvent(topic, "end"), last: true }], retainMs: 0 });
    await listener.until("end");
    expect(listener.entries).toEqual([{ offset: 1, type: "end", body: '{"type":"end"}', last: true }]);
  });

  test("tells no news twice and none of another topic", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const listener = new RecordingListener();
    await using _listening = await store.listen({ scope, topic }, listener);
    for (const other of ["Topic", "topic ", "topic*", "topi?", "other"]) {
      await accept(store, { scope, events: newEvents(other, 2) });
    }
    await accept(store, { scope: newScope(), events: newEvents(topic, 2) });
    await accept(store, { scope, events: [newEvent(topic, "mine")] });
    await listener.until("mine");
    expect(listener.entries.map(({ type }) => type)).toEqual(["mine"]);
    expect(listener.restorations).toBe(0);
  });
}
