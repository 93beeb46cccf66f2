import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { collect } from "@jobwire/client/testing";
import { EventSource } from "eventsource";
import { expect, test } from "vitest";
import type { OrderEvent } from "../../examples/express-app/order-log.js";
import { startOrderApp, type OrderApp, type OrderRouter } from "../../examples/express-app/main.js";
import { makeFolder, startProgram } from "../integration/build-worker-fixture.js";
import { Inbox } from "../support/collect.js";
import { startTestServer } from "../support/test-server.js";

test("the Node service posts each job that ends, also those that end while it is stopped", async () => {
  await using server = await startTestServer();
  const [user, service] = [await server.newUser(), await server.newService()];
  await using webhook = await openWebhook();
  await using folder = await makeFolder();
  const start = () =>
    startProgram("examples/node-service/main.ts", [join(folder.path, "cursor.txt")], {
      JOBWIRE_URL: server.url,
      JOBWIRE_TOKEN: user.token,
      WEBHOOK_URL: webhook.url,
    });
  const endJob = async (message: string) => {
    const { id: jobId } = await user.client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed", message });
  };
  await endJob("first");
  {
    await using program = start();
    await webhook.posted.first(1);
    await endJob("second");
    await webhook.posted.first(2);
    program.process.kill("SIGTERM");
    expect(await program.exit).toBe(0);
  }
  await endJob("third");
  await using _again = start();
  await webhook.posted.until(({ message }) => message === "third");
  expect(webhook.posted.items.map(({ message }) => message)).toEqual(["first", "second", "third"]);
});

interface Posted {
  readonly status: string;
  readonly message: string;
}

async function openWebhook() {
  const posted = new Inbox<Posted>();
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      posted.push(body as Posted);
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

test("the Express app sends its own events to the unmodified client, which continues after an id", async () => {
  await using app = await startOrderApp();
  const client = createOrderClient(app);
  using live = collect(client.events.subscribe());
  const orderId = await order(app, "lamp");
  await client.ship.mutate({ orderId, carrier: "bike" });
  const placed: OrderEvent = { type: "order.placed", orderId, item: "lamp" };
  const shipped: OrderEvent = { type: "order.shipped", orderId, carrier: "bike" };
  expect(await live.first(2)).toEqual([
    { id: "1", data: placed },
    { id: "2", data: shipped },
  ]);
  using late = collect(client.events.subscribe({ lastEventId: "1" }));
  expect(await late.first(1)).toEqual([{ id: "2", data: shipped }]);
});

test("the Express app refuses what is wrong: an order without an item, one shipped twice, an id that is none", async () => {
  await using app = await startOrderApp();
  const client = createOrderClient(app);
  await expect(order(app, "")).rejects.toThrow("400");
  const orderId = await order(app, "lamp");
  await client.ship.mutate({ orderId, carrier: "bike" });
  const again = client.ship.mutate({ orderId, carrier: "bike" });
  await expect(again).rejects.toMatchObject({ data: { code: "CONFLICT" } });
  using stream = collect(client.events.subscribe({ lastEventId: "x" }));
  expect(await stream.error()).toMatchObject({ data: { code: "BAD_REQUEST" } });
});

function createOrderClient({ url }: OrderApp) {
  return createTRPCClient<OrderRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({ url: `${url}/trpc`, EventSource }),
        false: httpLink({ url: `${url}/trpc` }),
      }),
    ],
  });
}

async function order({ url }: OrderApp, item: string): Promise<string> {
  const response = await fetch(`${url}/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ item }),
  });
  if (!response.ok) throw new Error(String(response.status));
  return ((await response.json()) as { orderId: string }).orderId;
}
