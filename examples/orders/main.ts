import { randomUUID } from "node:crypto";
import { createSseHandler } from "@jobwire/server/sse";
import { memoryStore, openJobwire, redisStore } from "@jobwire/server/topics";
import { initTRPC, TRPCError } from "@trpc/server";
import { createExpressMiddleware } from "@trpc/server/adapters/express";
import express, { type Request } from "express";
import superjson from "superjson";
import { z } from "zod";
import { order } from "./order.js";

const { REDIS_URL: url, PORT = "3000" } = process.env;
const jobwire = await openJobwire({
  store: url === undefined ? memoryStore() : redisStore({ url, prefix: "shop" }),
});
const orders = jobwire.topic(order, { index: ({ customer }) => [`customer/${customer}`] });

// The shop as it was before: it knows its customers by a cookie of its own.
const app = express();
app.get("/login/:customer", ({ params }, response) =>
  response.cookie("shop", params.customer, { httpOnly: true, sameSite: "lax" }).redirect("/"),
);
const customerOf = (request: Pick<Request, "headers">) => {
  const customer = /(?:^|; )shop=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
  if (customer === undefined)
    throw new TRPCError({ code: "UNAUTHORIZED", message: "Sign in to the shop first." });
  return decodeURIComponent(customer);
};

// What Jobwire adds: a stream of each order, for who has placed it.
const own = async (customer: string, orderId: string) => {
  const state = await orders.state({ orderId });
  if (state?.customer !== customer)
    throw new TRPCError({ code: "NOT_FOUND", message: `You have no order ${orderId}.` });
};
const trpc = initTRPC.context<{ customer: string }>().create({ transformer: superjson });
const router = trpc.router({
  place: trpc.procedure.input(z.object({ total: z.number().positive() })).mutation(async ({ ctx, input }) => {
    const key = { orderId: randomUUID().slice(0, 8) };
    await orders.publish(key, { type: "order.placed", ...ctx, ...input });
    return key;
  }),
  ship: trpc.procedure.input(order.key.extend({ carrier: z.string() })).mutation(async ({ input, ctx }) => {
    await own(ctx.customer, input.orderId);
    const { state } = await orders.change({ orderId: input.orderId }, (now) => {
      if (now?.status !== "placed")
        throw new TRPCError({ code: "CONFLICT", message: `It is ${now?.status} already.` });
      return { type: "order.shipped", carrier: input.carrier };
    });
    return state;
  }),
  list: trpc.procedure.query(({ ctx }) => orders.list({ index: `customer/${ctx.customer}` })),
  events: trpc.procedure.input(order.streamInput).subscription(async ({ input, ctx, signal }) => {
    await own(ctx.customer, input.orderId);
    return orders.stream(input, { signal });
  }),
});
const createContext = ({ req }: { req: Pick<Request, "headers"> }) => ({ customer: customerOf(req) });
const sse = createSseHandler({ router, createContext, basePath: "/trpc/" });
app.use((request, response, next) => void sse(request, response).then((done) => done || next()));
app.use("/trpc", createExpressMiddleware({ router, createContext }));
app.get("/", (_request, response) => response.sendFile("page.html", { root: import.meta.dirname }));
const server = app.listen(Number(PORT), "127.0.0.1", () =>
  console.log(`Orders: http://127.0.0.1:${PORT}/login/ana`),
);
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void sse.drain({ overMs: 0 }).then(() => server.close(() => process.exit(0))));
