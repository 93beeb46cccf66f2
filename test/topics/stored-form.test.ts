import { defineTopic } from "@jobwire/shared";
import { memoryStore, openJobwire } from "@jobwire/server/topics";
import { expect, test } from "vitest";
import { z } from "zod";
import { describeOnEachTopicStore } from "./stores.js";

const parcel = defineTopic("parcel", {
  key: z.object({ parcelId: z.string() }),
  events: {
    "parcel.packed": z.object({ weight: z.number() }),
    "parcel.sent": z.object({ note: z.string() }),
  },
  state: z.object({
    status: z.enum(["packed", "sent"]),
    weight: z.number(),
    note: z.string().nullable(),
  }),
  apply: (state, event) =>
    event.type === "parcel.packed"
      ? { status: "packed", weight: event.weight, note: null }
      : { status: "sent", weight: state?.weight ?? 0, note: event.note },
});

describeOnEachTopicStore("what a definition keeps as it says", (newStore) => {
  test("a state is kept in a form of its own, all are listed by indexes that are complete, and keys are searched where that is asked for", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const parcels = jobwire.topic(parcel, {
      index: ({ status, weight }) => [status, ...(weight > 100 ? ["heavy"] : [])],
      complete: ["packed", "sent"],
      search: ({ note }) => note ?? "",
      stored: {
        write: ({ status, weight, note }) => [status, weight, ...(note === null ? [] : [note])],
        read: (kept) => {
          const [status, weight, note = null] = kept as unknown[];
          return { status, weight, note };
        },
      },
    });
    for (const [parcelId, weight] of Object.entries({ a1: 1, b2: 200, c3: 300 }))
      await parcels.publish({ parcelId }, { type: "parcel.packed", weight });
    await parcels.publish({ parcelId: "b2" }, { type: "parcel.sent", note: "with a1" });
    const keysOf = async (options: Parameters<typeof parcels.list>[0]) =>
      (await parcels.list(options)).items.map(({ key }) => key.parcelId);
    expect(await keysOf({})).toEqual(["a1", "b2", "c3"]);
    expect(await keysOf({ order: "descending" })).toEqual(["c3", "b2", "a1"]);
    expect(await parcels.count()).toBe(3);
    const { nextCursor } = await parcels.list({ limit: 1 });
    expect(await keysOf({ limit: 2, cursor: nextCursor })).toEqual(["b2", "c3"]);
    expect(await keysOf({ index: "heavy" })).toEqual(["b2", "c3"]);
    expect(await keysOf({ search: ["a1"] })).toEqual(["b2"]);
    expect(await keysOf({ search: ["a1"], searchKeys: true })).toEqual(["a1", "b2"]);
    expect(await parcels.count({ search: ["a1"], searchKeys: true })).toBe(2);
    expect(await parcels.counts()).toEqual({ packed: 2, sent: 1, heavy: 2 });
    expect(await parcels.state({ parcelId: "a1" })).toEqual({ status: "packed", weight: 1, note: null });
    expect(await parcels.state({ parcelId: "b2" })).toEqual({ status: "sent", weight: 200, note: "with a1" });
    expect(await parcels.remove({ parcelId: "b2" })).toBe(true);
    expect(await keysOf({})).toEqual(["a1", "c3"]);
  });

  test("a state that would be missing where all are listed is refused, and nothing is written", async () => {
    await using jobwire = await openJobwire({ store: newStore() });
    const parcels = jobwire.topic(parcel, { index: ({ status }) => [status], complete: ["packed"] });
    await parcels.publish({ parcelId: "a" }, { type: "parcel.packed", weight: 1 });
    await expect(parcels.publish({ parcelId: "a" }, { type: "parcel.sent", note: "" })).rejects.toMatchObject(
      {
        reason: "EVENT_NOT_APPLICABLE",
        message:
          "A state of parcel would be missing where all are listed: its index is sent, and complete has packed.",
      },
    );
    expect((await parcels.list()).items).toMatchObject([{ state: { status: "packed" } }]);
  });
});

test("what needs a state is refused where a definition has none", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const note = defineTopic("note", {
    key: z.object({ id: z.string() }),
    events: { "note.made": z.object({}) },
  });
  expect(() => jobwire.topic(note, { complete: ["a"] })).toThrow(
    /complete, stored, due and expires need a state/,
  );
});
