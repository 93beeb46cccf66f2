import { randomUUID } from "node:crypto";
import { getEventListeners } from "node:events";
import { sseLink, watch } from "@jobwire/client";
import { collect, startTopicServer } from "@jobwire/client/testing";
import { memoryStore } from "@jobwire/server/topics";
import { createTRPCClient, httpSubscriptionLink, TRPCClientError, type TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import { EventSource } from "eventsource";
import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { openShop, take } from "./order.js";
import { createShopRouter, type ShopRouter } from "./shop-router.js";

const links = {
  sseLink: (url: string) =>
    sseLink<ShopRouter>({ url, transformer: superjson, backoff: { baseMs: 10, capMs: 50 } }),
  httpSubscriptionLink: (url: string) =>
    httpSubscriptionLink<ShopRouter, typeof EventSource>({ url, transformer: superjson, EventSource }),
};

describe.each(["sseLink", "httpSubscriptionLink"] as const)("watch over %s", (name) => {
  async function open(options?: Parameters<typeof openShop>[1]) {
    const shop = await openShop(memoryStore(), options);
    const server = await startTopicServer({ router: createShopRouter(shop) });
    const trpc = createTRPCClient<ShopRouter>({ links: [links[name](server.url)] });
    return {
      ...shop,
      trpc,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await shop[Symbol.asyncDispose]();
      },
    };
  }

  test("yields the events of an own topic with their types, and says how it is connected", async () => {
    await using shop = await open();
    const orderId = randomUUID();
    await shop.orders.publish({ orderId }, { type: "order.placed", total: 3 });
    const watched = watch(shop.trpc.orders.events, { orderId });
    expect(watched.connection.getSnapshot().state).toBe("idle");
    const totals: number[] = [];
    for await (const event of watched) {
      if (event.type === "order.placed") {
        totals.push(event.total);
        expect(event.timestamp).toBeInstanceOf(Date);
        await vi.waitFor(() => expect(watched.connection.getSnapshot().state).toBe("live"));
        await shop.orders.publish({ orderId }, { type: "order.delivered" });
      }
    }
    expect(totals).toEqual([3]);
    expect(watched.connection.getSnapshot().state).toBe("idle");
  });

  test("goes on after the event that another stream has given last", async () => {
    await using shop = await open();
    const orderId = randomUUID();
    await shop.orders.publish({ orderId }, [
      { type: "order.placed", total: 3 },
      { type: "order.shipped", carrier: "DHL" },
      { type: "order.delivered" },
    ]);
    const first = watch(shop.trpc.orders.events, { orderId });
    for await (const event of first) if (event.type === "order.placed") break;
    using rest = collect(watch(shop.trpc.orders.events, { orderId }, { lastEventId: first.lastEventId }));
    expect((await rest.completed()).map(({ type }) => type)).toEqual(["order.shipped", "order.delivered"]);
    expect(rest.ids).toEqual((await take(shop.orders.stream({ orderId }))).slice(1).map(({ id }) => id));
    const [inOptions, inInput] = [
      watch(shop.trpc.orders.events, { orderId }, { lastEventId: first.lastEventId }),
      watch(shop.trpc.orders.events, { orderId, lastEventId: first.lastEventId }),
    ];
    expect([inOptions.lastEventId, inInput.lastEventId]).toEqual([first.lastEventId, first.lastEventId]);
  });

  test("who asks for several events at once gets them in order", async () => {
    await using shop = await open();
    const orderId = randomUUID();
    const watched = watch(shop.trpc.orders.events, { orderId });
    const asked = [watched.next(), watched.next(), watched.next()];
    await shop.orders.publish({ orderId }, [{ type: "order.placed", total: 3 }, { type: "order.delivered" }]);
    const answers = await Promise.all(asked);
    expect(answers.map(({ value }) => value?.type)).toEqual(["order.placed", "order.delivered", undefined]);
  });

  test("a loop that takes its time gets every event, in order, and holds no more than a thousand", async () => {
    await using shop = await open({ maxEvents: 10_000 });
    const orderId = randomUUID();
    await shop.orders.publish({ orderId }, { type: "order.placed", total: 3 });
    for (let part = 0; part < 5; part++)
      await shop.orders.publish(
        { orderId },
        Array.from({ length: 600 }, (_, index) => ({
          type: "order.noted" as const,
          text: String(part * 600 + index),
        })),
      );
    await shop.orders.publish({ orderId }, { type: "order.delivered" });
    const texts: string[] = [];
    for await (const event of watch(shop.trpc.orders.events, { orderId })) {
      if (event.type !== "order.noted") continue;
      if (texts.length % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      texts.push(event.text);
    }
    expect(texts).toEqual(Array.from({ length: 3000 }, (_, index) => String(index)));
  });

  test("leaves nothing at a signal that outlives it, however it ends", async () => {
    await using shop = await open();
    const orderId = randomUUID();
    await shop.orders.publish({ orderId }, [{ type: "order.placed", total: 3 }, { type: "order.delivered" }]);
    const { signal } = new AbortController();
    using read = collect(watch(shop.trpc.orders.events, { orderId }, { signal }));
    await read.completed();
    const left = watch(shop.trpc.orders.events, { orderId }, { signal });
    await left.next();
    await left.return();
    await expect(
      watch(shop.trpc.orders.events, { orderId }, { signal, lastEventId: "nonsense" }).next(),
    ).rejects.toThrow("lastEventId");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("ends when its signal aborts, and fails with what the server refuses it with", async () => {
    await using shop = await open();
    const leaving = new AbortController();
    const watched = watch(shop.trpc.orders.events, { orderId: "a" }, { signal: leaving.signal });
    const next = watched.next();
    leaving.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    using refused = collect(watch(shop.trpc.orders.events, { orderId: "a" }, { lastEventId: "nonsense" }));
    const error = await refused.error();
    expect(error).toBeInstanceOf(TRPCClientError);
    expect(error.message).toContain("lastEventId");
  });
});

test("watch sends an input that is no object as it is", async () => {
  const t = initTRPC.create({ transformer: superjson });
  const echo = <Schema extends z.ZodType>(schema: Schema) =>
    t.procedure.input(schema).subscription(async function* ({ input }) {
      yield { input };
    });
  const router = t.router({
    text: echo(z.string()),
    list: echo(z.array(z.string())),
    date: echo(z.date()),
    none: echo(z.undefined()),
  });
  await using server = await startTopicServer({ router });
  const trpc = createTRPCClient<typeof router>({
    links: [sseLink({ url: server.url, transformer: superjson })],
  });
  const inputOf = async (watched: AsyncIterable<{ readonly input?: unknown }>) => {
    using events = collect(watched);
    return (await events.completed()).map(({ input }) => input);
  };
  expect(await inputOf(watch(trpc.text, "abc"))).toEqual(["abc"]);
  expect(await inputOf(watch(trpc.list, ["a", "b"]))).toEqual([["a", "b"]]);
  expect(await inputOf(watch(trpc.date, new Date(0)))).toEqual([new Date(0)]);
  expect(await inputOf(watch(trpc.none, undefined))).toEqual([undefined]);
  expect(() => watch(trpc.text, "abc", { lastEventId: "e:1" })).toThrow(TypeError);
});

describe("watch over a link that answers in the same turn", () => {
  type Answer = Parameters<typeof observable<{ result: { data: unknown } }, TRPCClientError<ShopRouter>>>[0];

  function watchAnswer(answer: Answer, input: object = { orderId: "a" }) {
    const link: TRPCLink<ShopRouter> = () => () => observable(answer);
    const trpc = createTRPCClient<ShopRouter>({ links: [link] });
    return watch(trpc.orders.events, input as { orderId: string });
  }

  const data = (number: number) => ({
    result: { data: { id: `e:${number}`, data: { type: "order.noted" } } },
  });

  test("gives its events and ends with it", async () => {
    using events = collect(
      watchAnswer((observer) => {
        observer.next(data(1));
        observer.next(data(2));
        observer.complete();
      }),
    );
    expect(await events.completed()).toHaveLength(2);
    expect(events.ids).toEqual(["e:1", "e:2"]);
  });

  test("fails with its refusal, and with what it throws", async () => {
    const refusal = TRPCClientError.from<ShopRouter>(new Error("refused"));
    using refused = collect(watchAnswer((observer) => observer.error(refusal)));
    expect(await refused.error()).toBe(refusal);
    const thrown = watchAnswer(() => {
      throw new Error("no such link");
    });
    const asked = [thrown.next(), thrown.next()];
    await expect(asked[0]).rejects.toThrow("no such link");
    expect(await asked[1]).toEqual({ done: true, value: undefined });
  });

  test("is left with a thousand events waiting", async () => {
    let isLeft = false;
    const watched = watchAnswer((observer) => {
      for (let number = 1; number <= 1500; number++) observer.next(data(number));
      return () => {
        isLeft = true;
      };
    });
    await watched.next();
    expect(isLeft).toBe(true);
    for (let taken = 1; taken < 1000; taken++) await watched.next();
    expect(watched.lastEventId).toBe("e:1000");
    await watched.return();
  });

  test("is kept with more events waiting where its input has no place for an id to go on after", async () => {
    using events = collect(
      watchAnswer((observer) => {
        for (let number = 1; number <= 1500; number++) observer.next(data(number));
        observer.complete();
      }, new Date(0)),
    );
    expect(await events.completed()).toHaveLength(1500);
  });
});
