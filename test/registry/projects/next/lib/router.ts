import { memoryStore, openJobwire } from "@jobwire/server/topics";
import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { order } from "./order";

async function openOrders() {
  const jobwire = await openJobwire({ store: memoryStore() });
  return jobwire.topic(order);
}

/** Pages and route handlers are built apart and each load this module: the process has one. */
const shared = globalThis as { orders?: ReturnType<typeof openOrders> };
export const orders = await (shared.orders ??= openOrders());

const trpc = initTRPC.create({ transformer: superjson });
export const router = trpc.router({
  orders: trpc.router({
    events: trpc.procedure
      .input(order.streamInput)
      .subscription(({ input, signal }) => orders.stream(input, { signal })),
  }),
});
export type Router = typeof router;
