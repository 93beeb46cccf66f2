import { sseLink } from "@jobwire/client";
import { useTopic } from "@jobwire/client/react";
import { startTopicServer } from "@jobwire/client/testing";
import { memoryStore } from "@jobwire/server/topics";
import { createTRPCClient } from "@trpc/client";
import superjson from "superjson";
import { expect, onTestFinished, test } from "vitest";
import { openShop, order } from "../topics/order.js";
import { createShopRouter, type ShopRouter } from "../topics/shop-router.js";
import { renderHook, waitFor } from "./support/render.js";

async function open(options?: Parameters<typeof openShop>[1]) {
  const shop = await openShop(memoryStore(), options);
  const server = await startTopicServer({ router: createShopRouter(shop) });
  const opened: string[] = [];
  const trpc = createTRPCClient<ShopRouter>({
    links: [
      sseLink({
        url: server.url,
        transformer: superjson,
        fetch: (url, init) => {
          opened.push(url);
          return fetch(url, init);
        },
      }),
    ],
  });
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]();
    await shop[Symbol.asyncDispose]();
  });
  return { ...shop, trpc, opened };
}

test("an own topic is folded with the reducer of its definition, over one stream, until it has ended", async () => {
  const { orders, trpc, opened } = await open();
  const key = { orderId: "a" };
  await orders.publish(key, { type: "order.placed", total: 5 });
  const { result, unmount } = renderHook(() => useTopic(order, trpc.orders.events, { orderId: "a" }));
  onTestFinished(unmount);
  expect(result.current).toMatchObject({ state: null, events: [], status: "connecting" });
  await waitFor(() => expect(result.current.state).toMatchObject({ status: "placed", total: 5 }));
  expect(result.current.status).toBe("live");
  await orders.publish(key, { type: "order.noted", text: "ring" });
  await waitFor(() => expect(result.current.state?.notes).toEqual(["ring"]));
  await orders.publish(key, { type: "order.delivered" });
  await waitFor(() => expect(result.current.status).toBe("ended"));
  expect(result.current.state).toEqual(await orders.state(key));
  expect(result.current.events.map(({ type }) => type)).toEqual([
    "order.placed",
    "order.noted",
    "order.delivered",
  ]);
  expect(opened).toHaveLength(1);
});

test("the state of a log whose beginning was trimmed is that of the server, with nothing applied twice", async () => {
  const { orders, trpc } = await open({ maxEvents: 3 });
  const key = { orderId: "a" };
  await orders.publish(key, { type: "order.placed", total: 5 });
  for (const text of ["1", "2", "3", "4", "5"]) await orders.publish(key, { type: "order.noted", text });
  const { result, unmount } = renderHook(() => useTopic(order, trpc.orders.events, key));
  onTestFinished(unmount);
  await waitFor(() => expect(result.current.state?.notes).toEqual(["1", "2", "3", "4", "5"]));
  await orders.publish(key, { type: "order.noted", text: "6" });
  await waitFor(() => expect(result.current.state?.notes.at(-1)).toBe("6"));
  expect(result.current.state).toEqual(await orders.state(key));
  expect(result.current.events[0]?.type).toBe("stream.gap");
});

test("another key begins anew, and a skipped one streams nothing", async () => {
  const { orders, trpc, opened } = await open();
  for (const [index, orderId] of ["a", "b"].entries())
    await orders.publish({ orderId }, { type: "order.placed", total: index });
  const { result, rerender, unmount } = renderHook(
    ({ orderId, skip }) => useTopic(order, trpc.orders.events, { orderId }, { skip }),
    { initialProps: { orderId: "a", skip: true } },
  );
  onTestFinished(unmount);
  expect(result.current.status).toBe("idle");
  expect(opened).toEqual([]);
  rerender({ orderId: "a", skip: false });
  await waitFor(() => expect(result.current.state?.total).toBe(0));
  rerender({ orderId: "b", skip: false });
  expect(result.current.state).toBeNull();
  await waitFor(() => expect(result.current.state?.total).toBe(1));
});

test("a refusal is said, with its error", async () => {
  const { trpc } = await open();
  const { result, unmount } = renderHook(() => useTopic(order, trpc.orders.events, { orderId: 7 as never }));
  onTestFinished(unmount);
  await waitFor(() => expect(result.current.status).toBe("failed"));
  expect(result.current.connection).toMatchObject({ error: { data: { code: "BAD_REQUEST" } } });
});
