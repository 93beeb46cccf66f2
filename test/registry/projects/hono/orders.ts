import { memoryStore, openJobwire } from "@jobwire/server/topics";
import { defineTopic } from "@jobwire/shared";
import { initTRPC } from "@trpc/server";
import { z } from "zod";

const order = defineTopic("order", {
  key: z.object({ orderId: z.string() }),
  events: { "order.placed": z.object({ total: z.number() }), "order.shipped": z.object({}) },
  ends: ["order.shipped"],
});
const jobwire = await openJobwire({ store: memoryStore() });
const orders = jobwire.topic(order);
const trpc = initTRPC.create();

export const router = trpc.router({
  place: trpc.procedure
    .input(z.object({ orderId: z.string(), total: z.number() }))
    .mutation(({ input: { orderId, total } }) =>
      orders.publish({ orderId }, [{ type: "order.placed", total }, { type: "order.shipped" }]),
    ),
  events: trpc.procedure
    .input(order.streamInput)
    .subscription(({ input, signal }) => orders.stream(input, { signal })),
});
