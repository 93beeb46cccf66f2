import { sseLink } from "@jobwire/client";
import { startTopicServer } from "@jobwire/client/testing";
import { memoryStore } from "@jobwire/server/topics";
import { createTRPCClient } from "@trpc/client";
import superjson from "superjson";
import { onTestFinished } from "vitest";
import { openShop } from "../../topics/order.js";
import { createShopRouter, type ShopRouter } from "../../topics/shop-router.js";

/** Own topics behind a router, and a client of it that says which streams it has opened. */
export async function openTopicServer(options?: Parameters<typeof openShop>[1]) {
  const shop = await openShop(memoryStore(), options);
  const server = await startTopicServer({ router: createShopRouter(shop) });
  const opened: string[] = [];
  const newClient = () =>
    createTRPCClient<ShopRouter>({
      links: [
        sseLink({
          url: server.url,
          transformer: superjson,
          fetch: (url, init) => {
            opened.push(url);
            return fetch(url, init);
          },
        }),
      ],
    });
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]();
    await shop[Symbol.asyncDispose]();
  });
  return { ...shop, trpc: newClient(), newClient, opened };
}
