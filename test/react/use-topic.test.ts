import { useTopic } from "@jobwire/client/react";
import { expect, onTestFinished, test } from "vitest";
import { order } from "../topics/order.js";
import { openTopicServer } from "./support/open-shop.js";
import { renderHook, waitFor } from "./support/render.js";

test("an own topic is folded with the reducer of its definition, over one stream, until it has ended", async () => {
  const { orders, trpc, opened } = await openTopicServer();
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
  const { orders, trpc } = await openTopicServer({ maxEvents: 3 });
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
  const { orders, trpc, opened } = await openTopicServer();
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
  const { trpc } = await openTopicServer();
  const { result, unmount } = renderHook(() => useTopic(order, trpc.orders.events, { orderId: 7 as never }));
  onTestFinished(unmount);
  await waitFor(() => expect(result.current.status).toBe("failed"));
  expect(result.current.connection).toMatchObject({ error: { data: { code: "BAD_REQUEST" } } });
});

test("components that follow one log share one stream, and another client has its own", async () => {
  const { orders, trpc, newClient, opened } = await openTopicServer();
  await orders.publish({ orderId: "a" }, { type: "order.placed", total: 5 });
  const follow = (client: typeof trpc) => {
    const { result, unmount } = renderHook(() => useTopic(order, client.orders.events, { orderId: "a" }));
    onTestFinished(unmount);
    return result;
  };
  const [one, other] = [follow(trpc), follow(trpc)];
  await waitFor(() => expect(one.current.state?.total).toBe(5));
  await waitFor(() => expect(other.current.state).toBe(one.current.state));
  expect(opened).toHaveLength(1);
  const another = follow(newClient());
  await waitFor(() => expect(another.current.state?.total).toBe(5));
  expect(opened).toHaveLength(2);
});

test("a render without news gives the same view", async () => {
  const { orders, trpc } = await openTopicServer();
  await orders.publish({ orderId: "a" }, { type: "order.placed", total: 5 });
  const { result, rerender, unmount } = renderHook(() =>
    useTopic(order, trpc.orders.events, { orderId: "a" }),
  );
  onTestFinished(unmount);
  await waitFor(() => expect(result.current.state?.total).toBe(5));
  const { current } = result;
  rerender();
  expect(result.current).toBe(current);
});
