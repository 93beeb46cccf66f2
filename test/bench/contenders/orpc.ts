import { createServer } from "node:http";
import type { Publisher as OrpcPublisher } from "@orpc/experimental-publisher";
import { IORedisPublisher } from "@orpc/experimental-publisher/ioredis";
import { MemoryPublisher } from "@orpc/experimental-publisher/memory";
import { os } from "@orpc/server";
import { RPCHandler } from "@orpc/server/node";
import { Redis } from "ioredis";
import { z } from "zod";
import type { Contender, Publisher, ServeOptions, Serving } from "./contender.js";
import { listen } from "./listen.js";

/** oRPC's event iterator over its publisher. The publisher drops what a stream has not taken past 100 events. */
export const orpc: Contender = {
  name: "orpc",
  numbersIds: false,
  isSlow: true,
  patienceMs: 5000,
  keepsLogIn: "redis",
  pathOf: (topic) => `/events?data=${encodeURIComponent(JSON.stringify({ json: { topic } }))}`,
  serve,
  async openPublisher({ redisUrl, retains }) {
    const { publisher, close } = openOrpcPublisher(redisUrl, retains);
    return publisherOf(publisher, close);
  },
};

type Topics = Record<string, object>;

async function serve({ redisUrl, heartbeatMs, retains }: ServeOptions): Promise<Serving> {
  const { publisher, close } = openOrpcPublisher(redisUrl, retains);
  const router = {
    events: os
      .route({ method: "GET" })
      .input(z.object({ topic: z.string() }))
      .handler(async function* ({ input: { topic }, signal, lastEventId }) {
        for await (const event of publisher.subscribe(topic, { signal, lastEventId })) yield event;
      }),
  };
  const handler = new RPCHandler(router, { eventIteratorKeepAliveInterval: heartbeatMs });
  const server = createServer((request, response) => {
    handler
      .handle(request, response)
      .then(({ matched }) => matched || response.writeHead(404).end())
      .catch((error: unknown) => console.error("orpc:", error));
  });
  return {
    port: await listen(server),
    ...(redisUrl === null && { publisher: publisherOf(publisher, close) }),
  };
}

function openOrpcPublisher(redisUrl: string | null, retains: boolean) {
  const options = retains ? { resumeRetentionSeconds: 600 } : {};
  if (redisUrl === null) {
    const publisher: OrpcPublisher<Topics> = new MemoryPublisher<Topics>(options);
    return { publisher, close: () => {} };
  }
  const commander = new Redis(redisUrl, { enableAutoPipelining: true });
  const listener = new Redis(redisUrl);
  const publisher: OrpcPublisher<Topics> = new IORedisPublisher<Topics>({ commander, listener, ...options });
  const close = () => {
    commander.disconnect();
    listener.disconnect();
  };
  return { publisher, close };
}

function publisherOf(publisher: OrpcPublisher<Topics>, close: () => void): Publisher {
  return {
    publish: (topic, { json }) => publisher.publish(topic, JSON.parse(json) as object),
    [Symbol.asyncDispose]: async () => close(),
  };
}
