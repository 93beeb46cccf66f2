import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { order, type Shop } from "./order.js";

/** A router as an outsider writes it. */
export function createShopRouter({ orders }: Pick<Shop, "orders">) {
  const trpc = initTRPC.create({ transformer: superjson });
  return trpc.router({
    orders: trpc.router({
      events: trpc.procedure
        .input(order.streamInput)
        .subscription(({ input, signal }) => orders.stream(input, { signal })),
    }),
  });
}

export type ShopRouter = ReturnType<typeof createShopRouter>;
