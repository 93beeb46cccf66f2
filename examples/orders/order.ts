import { defineTopic } from "@jobwire/shared";
import { z } from "zod";

export const order = defineTopic("order", {
  key: z.object({ orderId: z.string().min(1).max(64) }),
  events: {
    "order.placed": z.object({ customer: z.string(), total: z.number().positive() }),
    "order.shipped": z.object({ carrier: z.string() }),
    "order.delivered": z.object({}),
  },
  ends: ["order.delivered"],
  state: z.object({
    customer: z.string(),
    total: z.number(),
    status: z.enum(["placed", "shipped", "delivered"]),
  }),
  apply(state, event) {
    if (event.type === "order.placed")
      return { customer: event.customer, total: event.total, status: "placed" };
    if (!state) throw new Error("it was never placed");
    return { ...state, status: event.type === "order.shipped" ? "shipped" : "delivered" };
  },
});
