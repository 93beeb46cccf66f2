/**
 * An Express application with routes, events and a tRPC router of its own, and Jobwire's transport for its
 * subscriptions. Try:
 *
 *   curl -N http://127.0.0.1:3006/trpc/events
 *   curl http://127.0.0.1:3006/orders -H 'Content-Type: application/json' -d '{"item":"lamp"}'
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createSseHandler } from "@jobwire/server/sse";
import { initTRPC, TRPCError } from "@trpc/server";
import { createExpressMiddleware } from "@trpc/server/adapters/express";
import express from "express";
import { z } from "zod";
import { OrderLog } from "./order-log.js";

const { router, procedure } = initTRPC.create();

function createOrderRouter(orders: OrderLog) {
  return router({
    ship: procedure
      .input(z.object({ orderId: z.string(), carrier: z.string() }))
      .mutation(({ input: { orderId, carrier } }) => {
        if (orders.get(orderId).length !== 1) {
          throw new TRPCError({ code: "CONFLICT", message: "No such order, or it is shipped already." });
        }
        orders.append({ type: "order.shipped", orderId, carrier });
      }),
    events: procedure
      .input(z.object({ lastEventId: z.string().regex(/^\d*$/).nullish() }).optional())
      .subscription(({ input, signal }) =>
        orders.after(input?.lastEventId, signal ?? new AbortController().signal),
      ),
  });
}

export type OrderRouter = ReturnType<typeof createOrderRouter>;

export interface OrderApp extends AsyncDisposable {
  readonly url: string;
}

export async function startOrderApp({ port = 0 } = {}): Promise<OrderApp> {
  const orders = new OrderLog();
  const options = { router: createOrderRouter(orders), createContext: () => ({}) };
  const sse = createSseHandler(options);

  const app = express();
  app.post("/orders", express.json(), (request, response) => {
    const { success, data } = z.object({ item: z.string().min(1) }).safeParse(request.body);
    if (!success) {
      response.status(400).json({ error: 'Expected {"item": "..."}' });
      return;
    }
    const orderId = randomUUID();
    orders.append({ type: "order.placed", orderId, item: data.item });
    response.status(201).json({ orderId });
  });
  // Subscriptions go to Jobwire, everything else to tRPC.
  app.use("/trpc", (request, response, next) => {
    sse(request, response).then((isServed) => isServed || next(), next);
  });
  app.use("/trpc", createExpressMiddleware(options));

  const server = app.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      // Readers are told to come back and close one by one; other instances take them over.
      await sse.drain({ overMs: 1000 });
      server.closeAllConnections();
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  await using app = await startOrderApp({ port: Number(process.env["PORT"] ?? 3006) });
  console.log(`Listening on ${app.url}`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
}
