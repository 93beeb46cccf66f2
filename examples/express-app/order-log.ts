import { EventEmitter, on } from "node:events";
import { tracked } from "@trpc/server";
import { z } from "zod";

/** The events of this application: a zod union of its own, typed to the client by the router. */
const orderEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("order.placed"), orderId: z.string(), item: z.string().min(1) }),
  z.object({ type: z.literal("order.shipped"), orderId: z.string(), carrier: z.string().min(1) }),
]);

export type OrderEvent = z.infer<typeof orderEventSchema>;

/** The log of all orders. In an application it is a table; ids count 1, 2, 3 … so that a reader can go on after one. */
export class OrderLog {
  readonly #events: OrderEvent[] = [];
  readonly #changes = new EventEmitter<{ appended: [] }>().setMaxListeners(0);

  append(event: OrderEvent): void {
    this.#events.push(orderEventSchema.parse(event));
    this.#changes.emit("appended");
  }

  get(orderId: string): readonly OrderEvent[] {
    return this.#events.filter((event) => event.orderId === orderId);
  }

  /** Every event after this id, once and in order: those that are there, then those to come. */
  async *after(lastEventId: string | null | undefined, signal: AbortSignal) {
    // Listens before it looks, so that nothing falls in between.
    const changes = on(this.#changes, "appended", { signal });
    let position = Number(lastEventId ?? 0);
    for (;;) {
      for (; position < this.#events.length; position++) {
        const event = this.#events[position];
        if (event) yield tracked(String(position + 1), event);
      }
      await changes.next();
    }
  }
}
