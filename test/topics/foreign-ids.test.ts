import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSseHandler } from "@jobwire/server/sse";
import { memoryStore } from "@jobwire/server/topics";
import { initTRPC, TRPCError } from "@trpc/server";
import fc from "fast-check";
import superjson from "superjson";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createParser } from "eventsource-parser";
import { openShop, order, take } from "./order.js";

/**
 * Whatever a client sends as its last id, to a stream of one topic or of several, in the input, as a header or in the
 * address: the stream goes on after it, or it is refused as the client's fault.
 */

const orderIds = ["a", "b", "c"];

/** Its streams have ended, so that each answer does. */
async function startShop() {
  const shop = await openShop(memoryStore());
  for (const orderId of [...orderIds, "other"])
    await shop.orders.publish({ orderId }, [
      { type: "order.placed", total: 1 },
      { type: "order.noted", text: "x" },
      { type: "order.delivered" },
    ]);
  const streams = {
    single: (lastEventId: string | undefined) => shop.orders.stream({ orderId: "a", lastEventId }),
    merged: (lastEventId: string | undefined) =>
      shop.jobwire.merge(
        orderIds.map((orderId) => shop.orders.stream({ orderId })),
        { lastEventId },
      ),
  };
  const trpc = initTRPC.create({ transformer: superjson, isDev: false });
  const router = trpc.router({
    single: trpc.procedure.input(order.streamInput).subscription(({ input }) => shop.orders.stream(input)),
    merged: trpc.procedure
      .input(z.object({ lastEventId: z.string().nullish() }))
      .subscription(({ input }) => streams.merged(input.lastEventId ?? undefined)),
  });
  const sse = createSseHandler({ router, createContext: () => ({}) });
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    if (!pathname.startsWith("/plain/")) return void sse(request, response);
    const header = request.headers["last-event-id"]?.toString();
    const open = pathname === "/plain/merged" ? streams.merged : streams.single;
    return void sse.plain(request, response, {
      open: async () => open(header ?? searchParams.get("lastEventId") ?? undefined),
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    ...shop,
    streams,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await shop[Symbol.asyncDispose]();
    },
  };
}

type Started = Awaited<ReturnType<typeof startShop>>;
type Kind = keyof Started["streams"];

/** Ids that are right, changed in places; those of others; and anything. */
function idsLike(valid: readonly string[]): fc.Arbitrary<string> {
  const odd = fc.constantFrom(
    "",
    ".",
    ":",
    "!",
    "-",
    "m.",
    "0",
    "🙂",
    "\u0000",
    "\ud800",
    "é",
    " ",
    "\n",
    "%00",
    "../",
  );
  const changed = fc
    .tuple(fc.constantFrom(...valid), fc.nat(), fc.nat(3), odd)
    .map(
      ([id, at, cut, text]) =>
        id.slice(0, at % (id.length + 1)) + text + id.slice((at % (id.length + 1)) + cut),
    );
  const numbers = fc
    .tuple(
      fc.constantFrom(...valid),
      fc.constantFrom("-1", "01", "1e3", "9".repeat(15), "9".repeat(40), "NaN", "0x1"),
    )
    .map(([id, number]) => id.replace(/:\d+/, `:${number}`));
  const shuffled = fc
    .tuple(fc.constantFrom(...valid), fc.nat(5))
    .map(([id, by]) => [...id.split(".").slice(by), ...id.split(".").slice(0, by)].join("."));
  const repeated = fc
    .tuple(fc.constantFrom(...valid, "!", "a", "🙂", "."), fc.integer({ min: 2, max: 300 }))
    .map(([text, times]) => text.repeat(times).slice(0, 9000));
  return fc.oneof(
    { weight: 3, arbitrary: changed },
    numbers,
    shuffled,
    repeated,
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.string({ maxLength: 60 }),
    fc.constantFrom(...valid),
  );
}

/** What a stream that goes on yields: its events, with a gap where the id is of another log. */
const known = /^(order\.(placed|noted|delivered)|stream\.gap)$/;

describe.each(["single", "merged"] as const)(
  "an id of a %s stream that was given by nobody",
  (kind: Kind) => {
    async function fuzz(check: (shop: Started, id: string) => Promise<void>, numRuns: number): Promise<void> {
      await using shop = await startShop();
      const valid: string[] = [];
      for (const open of Object.values(shop.streams))
        valid.push(...(await take(open(undefined))).map((item) => item.id));
      const foreign = await take(
        shop.jobwire.merge([shop.orders.stream({ orderId: "other" }), shop.orders.stream({ orderId: "a" })]),
      );
      valid.push(...foreign.map((item) => item.id));
      await fc.assert(
        fc.asyncProperty(idsLike(valid), (id) => check(shop, id)),
        { numRuns },
      );
      expect(shop.errors).toEqual([]);
    }

    test("is refused by the handle with CURSOR_INVALID, or goes on", async () => {
      await fuzz(async ({ streams }, id) => {
        try {
          for (const { event } of await take(streams[kind](id))) expect(event.type).toMatch(known);
        } catch (error) {
          if (!(error instanceof TRPCError)) throw error;
          expect(error).toMatchObject({ code: "BAD_REQUEST", reason: "CURSOR_INVALID" });
        }
      }, 300);
    });

    test.each(["header", "address"] as const)(
      "is refused by plain SSE with 400, or goes on (%s)",
      async (where) => {
        await fuzz(async ({ url }, id) => {
          // What no header can hold never comes.
          if (where === "header" && !/^[\x20-\x7e\x80-\xff]*$/.test(id)) return;
          const response =
            where === "header"
              ? await fetch(`${url}/plain/${kind}`, { headers: { "last-event-id": id } })
              : await fetch(`${url}/plain/${kind}?lastEventId=${encodeURIComponent(id.toWellFormed())}`);
          const text = await response.text();
          expect([200, 204, 400]).toContain(response.status);
          if (response.status === 400)
            expect(JSON.parse(text)).toMatchObject({
              error: { code: "BAD_REQUEST", message: expect.stringContaining("lastEventId") },
            });
          else for (const event of eventsOf(text)) expect(event.type).toMatch(known);
        }, 100);
      },
    );

    test("is refused by tRPC with BAD_REQUEST, or goes on", async () => {
      await fuzz(async ({ url }, id) => {
        const input = { ...(kind === "single" && { orderId: "a" }), lastEventId: id };
        const text = encodeURIComponent(superjson.stringify(input));
        const response = await fetch(`${url}/${kind}?input=${text}`);
        expect(response.status).toBe(200);
        const frames = framesOf(await response.text());
        const failure = frames.find(({ event }) => event === "serialized-error");
        if (failure)
          expect(JSON.parse(failure.data)).toMatchObject({ json: { data: { code: "BAD_REQUEST" } } });
        else expect(frames.at(-1)?.event).toBe("return");
      }, 100);
    });
  },
);

function framesOf(text: string) {
  const frames: { readonly event: string | undefined; readonly data: string }[] = [];
  createParser({ onEvent: ({ event, data }) => void frames.push({ event, data }) }).feed(text);
  return frames;
}

function eventsOf(text: string) {
  return framesOf(text)
    .filter(({ event }) => event === undefined)
    .map(({ data }) => JSON.parse(data) as { readonly type: string });
}
