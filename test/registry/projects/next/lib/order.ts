import { defineTopic } from "@jobwire/shared";
import { z } from "zod";

export const order = defineTopic("order", {
  key: z.object({ orderId: z.string() }),
  events: { "order.placed": z.object({ total: z.number() }), "order.shipped": z.object({}) },
  ends: ["order.shipped"],
  state: z.object({ status: z.enum(["placed", "shipped"]), total: z.number() }),
  apply: (state, event) =>
    event.type === "order.placed"
      ? { status: "placed", total: event.total }
      : { status: "shipped", total: state?.total ?? 0 },
});
