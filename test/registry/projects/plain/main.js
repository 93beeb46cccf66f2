// A program of somebody who writes JavaScript: nothing is compiled.
import { memoryStore, openJobwire } from "@jobwire/server/topics";
import { defineTopic } from "@jobwire/shared";
import { z } from "zod";

const order = defineTopic("order", {
  key: z.object({ orderId: z.string() }),
  events: { "order.placed": z.object({ total: z.number() }), "order.shipped": z.object({}) },
  ends: ["order.shipped"],
});
const jobwire = await openJobwire({ store: memoryStore() });
const orders = jobwire.topic(order);
await orders.publish({ orderId: "one" }, [{ type: "order.placed", total: 40 }, { type: "order.shipped" }]);
const types = [];
for await (const [, event] of orders.stream({ orderId: "one" })) types.push(event.type);
process.stdout.write(`${types.join(" ")}\n`);
await jobwire[Symbol.asyncDispose]();
