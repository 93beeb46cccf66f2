import { defineTopic, type EventOf } from "@jobwire/shared";
import { openJobwire, type Jobwire, type JobwireStore } from "@jobwire/server/topics";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { take } from "./order.js";
import { describeOnEachTopicStore } from "./stores.js";
import { tally } from "./tally.js";

/** A ticket of somebody, whom no event names; it ends with what its last event says. */
const ticket = defineTopic("ticket", {
  key: z.object({ ticketId: z.string() }),
  events: { "ticket.said": z.object({ text: z.string(), closes: z.boolean().default(false) }) },
  ends: (event) => event.closes,
  state: z.object({ owner: z.string(), said: z.array(z.string()) }),
  apply: (state, event) => {
    if (!state) throw new Error("a ticket is opened first");
    return { ...state, said: [...state.said, event.text] };
  },
});

async function openTickets(store: JobwireStore) {
  const jobwire: Jobwire = await openJobwire({ store, maxEvents: 50 });
  const committed = vi.fn<(text: string) => void>();
  const tickets = jobwire.topic(ticket, {
    index: ({ owner }) => [`owner/${owner}`],
    search: ({ said }) => said.join("\n"),
    feeds: (state) => (state ? [`of/${state.owner}`, "all"] : []),
    onCommitted: ({ ticketId }, _state, events) => committed(`${ticketId} ${events.length}`),
  });
  const open = (ticketId: string, owner: string, ...texts: string[]) =>
    tickets.change({ ticketId }, () => ({
      state: { owner, said: [] },
      events: texts.map((text) => ({ type: "ticket.said" as const, text })),
    }));
  const listOf = async (owner: string) =>
    (await tickets.list({ index: `owner/${owner}` })).items.map(({ key }) => key.ticketId);
  return {
    jobwire,
    tickets,
    committed,
    open,
    listOf,
    [Symbol.asyncDispose]: () => jobwire[Symbol.asyncDispose](),
  };
}

const textOf = (event: { readonly type: string }) =>
  event.type === "ticket.said" ? (event as EventOf<typeof ticket>).text : event.type;

describeOnEachTopicStore("feeds and what goes with them", (newStore) => {
  test("a feed that is named twice has an event once", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const tallies = jobwire.topic(tally, { feeds: () => ["all", "all"] });
    await tallies.publish({ tallyId: "a" }, { type: "tally.added", by: 1 });
    await tallies.publish({ tallyId: "b" }, { type: "tally.added", by: 2 });
    const taken = await take(tallies.feed("all", {}, { snapshot: async () => null }), 2);
    expect(taken.map(({ event }) => event)).toMatchObject([{ by: 1 }, { by: 2 }]);
  });

  test("a feed has the events of many keys in the order of their coming, resumes, and says what was removed", async () => {
    await using shop = await openTickets(newStore());
    const { tickets, open, listOf } = shop;
    await open("a", "ana", "a1", "a2");
    await open("b", "ben", "b1");
    await tickets.publish({ ticketId: "a" }, { type: "ticket.said", text: "a3", closes: true });
    const feed = (lastEventId?: string) =>
      tickets.feed("of/ana", { ...(lastEventId && { lastEventId }) }, { snapshot: () => listOf("ana") });
    const first = await take(feed(), 3);
    expect(first.map(({ event }) => textOf(event))).toEqual(["a1", "a2", "a3"]);
    await open("c", "ana", "c1");
    expect(await tickets.remove({ ticketId: "a" })).toBe(true);
    const rest = await take(feed(first[1]?.id), 3);
    expect(rest.map(({ event }) => textOf(event))).toEqual(["a3", "c1", "stream.removed"]);
    expect(rest[2]?.event).toMatchObject({ ticketId: "a" });
    const all = await take(tickets.feed("all", {}, { snapshot: async () => null }), 6);
    expect(all.map(({ event }) => textOf(event))).toEqual(["a1", "a2", "b1", "a3", "c1", "stream.removed"]);
    const filtered = tickets.feed("all", { types: [] }, { snapshot: async () => null });
    expect((await take(filtered, 1)).map(({ event }) => textOf(event))).toEqual(["stream.removed"]);
    const lost = await take(feed("0123456789abcdef0123:9"), 1);
    expect(lost[0]?.event).toMatchObject({ type: "stream.gap", snapshot: ["c"] });
  });

  test("an event decides whether it is the last, and its log completes", async () => {
    await using shop = await openTickets(newStore());
    const { tickets, open } = shop;
    await open("a", "ana", "a1");
    await tickets.publish({ ticketId: "a" }, { type: "ticket.said", text: "a2", closes: true });
    const seen: string[] = [];
    for await (const [, event] of tickets.stream({ ticketId: "a" })) seen.push(textOf(event));
    expect(seen).toEqual(["a1", "a2"]);
    await expect(
      tickets.publish({ ticketId: "a" }, { type: "ticket.said", text: "a3" }),
    ).rejects.toMatchObject({ reason: "TOPIC_ENDED" });
  });

  test("a decision may change the state without an event, also after the end", async () => {
    await using shop = await openTickets(newStore());
    const { tickets, open, listOf, committed } = shop;
    await open("a", "ana", "a1");
    await tickets.publish({ ticketId: "a" }, { type: "ticket.said", text: "a2", closes: true });
    const { ids, state } = await tickets.change({ ticketId: "a" }, (before) =>
      before ? { state: { ...before, owner: "ben" }, events: [] } : [],
    );
    expect({ ids, state }).toEqual({ ids: [], state: { owner: "ben", said: ["a1", "a2"] } });
    expect([await listOf("ana"), await listOf("ben")]).toEqual([[], ["a"]]);
    await vi.waitFor(() => expect(committed.mock.calls.flat()).toEqual(["a 1", "a 1", "a 0"]));
    await expect(
      tickets.change({ ticketId: "new" }, () => ({ type: "ticket.said", text: "x" })),
    ).rejects.toMatchObject({
      reason: "EVENT_NOT_APPLICABLE",
    });
  });

  test("states are found by text and by key, counted, and read back from the log", async () => {
    await using shop = await openTickets(newStore());
    const { tickets, open } = shop;
    for (let number = 0; number < 30; number++)
      await open(`t${String(number).padStart(2, "0")}`, "ana", `no ${number % 3}.`);
    const found = async (search: string[]) =>
      (await tickets.list({ search, limit: 4 })).items.map(({ key }) => key.ticketId);
    expect(await found(["no 1."])).toEqual(["t01", "t04", "t07", "t10"]);
    expect(await found(["no", "2."])).toEqual(["t02", "t05", "t08", "t11"]);
    expect(await found(["no 9"])).toEqual([]);
    expect(await tickets.count({ search: ["no 1."] })).toBe(10);
    const range = { from: { ticketId: "t05" }, to: { ticketId: "t09" } };
    expect((await tickets.list(range)).items.map(({ key }) => key.ticketId)).toEqual([
      "t05",
      "t06",
      "t07",
      "t08",
    ]);
    expect(await tickets.count({ ...range, index: ["owner/ana", "owner/ben"] })).toBe(4);
    await tickets.publish({ ticketId: "t01" }, { type: "ticket.said", text: "other" });
    expect(await found(["other"])).toEqual(["t01"]);
    const history: string[] = [];
    for await (const { event } of tickets.history({ ticketId: "t01" })) history.push(textOf(event));
    expect(history).toEqual(["no 1.", "other"]);
    expect(await tickets.newestId({ ticketId: "none" })).toBeNull();
    await expect(tickets.list({ search: ["x".repeat(2000)] })).rejects.toMatchObject({
      reason: "INPUT_INVALID",
    });
  });

  test("a stream may want only some events, by what they say", async () => {
    await using shop = await openTickets(newStore());
    const { tickets, open } = shop;
    await open("a", "ana", "yes 1", "no 1", "yes 2");
    const only = tickets.stream({ ticketId: "a" }, { only: ({ text }) => text.startsWith("yes") });
    expect((await take(only, 2)).map(({ event }) => textOf(event))).toEqual(["yes 1", "yes 2"]);
  });
});
