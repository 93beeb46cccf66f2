import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sseLink, watch } from "@jobwire/client";
import { useTopic } from "@jobwire/client/react";
import { collect, startTopicServer } from "@jobwire/client/testing";
import { createSseHandler } from "@jobwire/server/sse";
import { memoryStore, openJobwire, redisStore } from "@jobwire/server/topics";
import { defineTopic, type EventOf, type StreamEventOf } from "@jobwire/shared";
import { createTRPCClient } from "@trpc/client";
import { initTRPC } from "@trpc/server";
import { Redis } from "ioredis";
import superjson from "superjson";
import { z } from "zod";

// What somebody writes who has installed the packages. `packed.test.ts` compiles and runs it with the packed ones.
const order = defineTopic("order", {
  key: z.object({ orderId: z.string() }),
  events: {
    "order.placed": z.object({ total: z.number() }),
    "order.noted": z.object({ text: z.string() }),
    "order.delivered": z.object({}),
  },
  ends: ["order.delivered"],
  state: z.object({ status: z.enum(["placed", "delivered"]), total: z.number() }),
  apply: (state, event) => ({
    status: event.type === "order.delivered" ? "delivered" : "placed",
    total: event.type === "order.placed" ? event.total : (state?.total ?? 0),
  }),
});
type OrderEvent = EventOf<typeof order>;
type OrderStreamEvent = StreamEventOf<typeof order>;

const { REDIS_URL: url } = process.env;
const own = url === undefined ? null : new Redis(url);
const store = own ? redisStore({ client: own, prefix: "packed" }) : memoryStore();
const jobwire = await openJobwire({ store, maxEvents: 300, onWarning: () => {} });
const orders = jobwire.topic(order, { index: ({ status }) => [`status/${status}`] });

const trpc = initTRPC.create({ transformer: superjson });
const router = trpc.router({
  orders: trpc.router({
    events: trpc.procedure
      .input(order.streamInput)
      .subscription(({ input, signal }) => orders.stream(input, { signal })),
  }),
});
const server = await startTopicServer({ router });
const client = createTRPCClient<typeof router>({
  links: [sseLink({ url: server.url, transformer: superjson })],
});

const key = { orderId: "one" };
const { id } = await orders.publish(key, { type: "order.placed", total: 1 });
const watched: OrderStreamEvent["type"][] = [];
for await (const event of watch(client.orders.events, key)) {
  watched.push(event.type);
  if (event.type === "order.placed") await orders.publish(key, { type: "order.noted", text: "ring" });
  if (event.type === "order.noted") await orders.publish(key, { type: "order.delivered" });
}
using rest = collect(watch(client.orders.events, key, { lastEventId: id }));
const resumed = (await rest.completed()).map(({ type }) => type);
using lost = collect(watch(client.orders.events, key, { lastEventId: "elsewhere:7" }));
const [gap] = await lost.first(1);

const sse = createSseHandler({ router, createContext: () => ({}) });
const plainServer = createServer((request, response) => {
  void sse.plain(request, response, { open: (signal) => orders.stream(key, { signal }) });
}).listen(0, "127.0.0.1");
await new Promise((resolve) => plainServer.once("listening", resolve));
const { port } = plainServer.address() as AddressInfo;
const text = await (await fetch(`http://127.0.0.1:${port}`)).text();
const plain = [...text.matchAll(/^data: (\{"type.*)$/gm)].map(
  ([, json = ""]) => (JSON.parse(json) as OrderEvent).type,
);
let merged = 0;
for await (const [mergedId] of jobwire.merge([orders.stream(key)])) merged += mergedId ? 1 : 0;

/** Compiled only. */
export function OrderStatus() {
  const { state, events, connection, status } = useTopic(order, client.orders.events, key);
  return <p title={connection.state}>{`${state?.total} ${events.length} ${status}`}</p>;
}

const counts = await orders.counts();
const said = gap?.type === "stream.gap" && { type: gap.type, topic: gap.topic, snapshot: gap.snapshot };
process.stdout.write(JSON.stringify({ watched, resumed, gap: said, plain, merged, counts }));
plainServer.close();
await server[Symbol.asyncDispose]();
await jobwire[Symbol.asyncDispose]();
own?.disconnect();
