import { randomUUID } from "node:crypto";
import { defineTopic } from "@jobwire/shared";
import { memoryStore, openJobwire, type JobwireStore } from "@jobwire/server/topics";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { take } from "./order.js";
import { describeOnEachTopicStore } from "./stores.js";

const parcel = defineTopic("parcel", {
  key: z.object({ parcelId: z.string() }),
  events: {
    "parcel.packed": z.object({
      note: z.string().optional(),
      items: z.array(z.object({ name: z.string(), weight: z.number().optional() })),
    }),
  },
  state: z.object({ items: z.number(), packedAt: z.date() }),
  apply: (state, event) => ({ items: (state?.items ?? 0) + event.items.length, packedAt: event.timestamp }),
});

async function openParcels(store: JobwireStore, keptMs = 3_600_000) {
  const jobwire = await openJobwire({ store });
  const parcels = jobwire.topic(parcel, {
    index: () => ["packed"],
    feeds: () => ["all"],
    expires: ({ packedAt }) => new Date(packedAt.getTime() + keptMs),
  });
  return { jobwire, parcels, [Symbol.asyncDispose]: () => jobwire[Symbol.asyncDispose]() };
}

const packed = { type: "parcel.packed" as const, items: [{ name: "cup" }] };

describeOnEachTopicStore("a log without an end", (newStore) => {
  test("is dropped when it expires: its streams end, its feed says so, and nothing lists it", async () => {
    await using open = await openParcels(newStore(), 300);
    const { parcels } = open;
    const parcelId = randomUUID();
    const reading = take(parcels.stream({ parcelId }));
    const feed = take(parcels.feed("all", {}, { snapshot: async () => null }), 2);
    await parcels.publish({ parcelId }, packed);
    expect((await reading).map(({ event }) => event.type)).toEqual(["parcel.packed"]);
    expect((await feed).at(-1)?.event).toMatchObject({ type: "stream.removed", parcelId });
    expect(await parcels.state({ parcelId })).toBeNull();
    expect(await parcels.counts()).toEqual({});
  });

  test("stays for as long as it is put off", async () => {
    await using open = await openParcels(newStore(), 2000);
    const { parcels } = open;
    const [kept, dropped] = [randomUUID(), randomUUID()];
    for (const parcelId of [kept, dropped]) await parcels.publish({ parcelId }, packed);
    await vi.waitFor(
      async () => {
        await parcels.publish({ parcelId: kept }, packed);
        expect(await parcels.state({ parcelId: dropped })).toBeNull();
      },
      { timeout: 20_000, interval: 100 },
    );
    expect((await parcels.state({ parcelId: kept }))?.items).toBeGreaterThan(5);
  });

  test("is removed only while what is asked of its state holds", async () => {
    await using open = await openParcels(newStore());
    const { parcels } = open;
    const parcelId = randomUUID();
    await parcels.publish({ parcelId }, packed);
    expect(await parcels.remove({ parcelId }, { when: ({ items }) => items > 1 })).toBe(false);
    expect(await parcels.state({ parcelId })).toMatchObject({ items: 1 });
    await parcels.publish({ parcelId }, packed);
    expect(await parcels.remove({ parcelId }, { when: ({ items }) => items > 1 })).toBe(true);
    expect(await parcels.state({ parcelId })).toBeNull();
  });

  test("is listed whole by `all`, over its pages", async () => {
    await using open = await openParcels(newStore());
    const { parcels } = open;
    const ids = Array.from({ length: 1205 }, (_, index) => `p${String(index).padStart(4, "0")}`);
    for (let start = 0; start < ids.length; start += 100)
      await Promise.all(
        ids.slice(start, start + 100).map((parcelId) => parcels.publish({ parcelId }, packed)),
      );
    const listed: string[] = [];
    for await (const { key } of parcels.all({ index: "packed" })) listed.push(key.parcelId);
    expect(listed).toEqual(ids);
  });

  test("what a publisher left undefined, at any depth, is not in the event", async () => {
    await using open = await openParcels(newStore());
    const { parcels } = open;
    const parcelId = randomUUID();
    const items = [{ name: "cup", weight: undefined }];
    await parcels.publish({ parcelId }, { type: "parcel.packed", note: undefined, items });
    const [first] = await take(parcels.stream({ parcelId }), 1);
    expect(first?.event).toStrictEqual({
      type: "parcel.packed",
      parcelId,
      timestamp: expect.any(Date),
      items: [{ name: "cup" }],
    });
  });
});

test("`expires` needs a state", async () => {
  await using jobwire = await openJobwire({ store: memoryStore() });
  const bare = defineTopic("bare", {
    key: z.object({ id: z.string() }),
    events: { said: z.object({}) },
  });
  expect(() => jobwire.topic(bare, { expires: () => null })).toThrow(/expires need a state/);
});
