import { createServer } from "node:http";
import { createChannel, createSession, type Channel } from "better-sse";
import type { Contender, ServeOptions, Serving } from "./contender.js";
import { openFeed, openFeedPublisher } from "./event-feed.js";
import { listen, topicOf } from "./listen.js";

/** A channel for each topic, broadcasting to its sessions. */
export const betterSse: Contender = {
  name: "better-sse",
  numbersIds: true,
  isSlow: false,
  patienceMs: 5000,
  keepsLogIn: null,
  pathOf: (topic) => `/events/${topic}`,
  serve,
  openPublisher: openFeedPublisher,
};

async function serve({ redisUrl, heartbeatMs }: ServeOptions): Promise<Serving> {
  const channels = new Map<string, Channel>();
  const feed = openFeed(redisUrl, (topic, { seq, json }) => {
    channels.get(topic)?.broadcast(JSON.parse(json), "message", { eventId: String(seq) });
  });
  const server = createServer((request, response) => {
    const topic = topicOf(request.url);
    const open = async () => {
      await feed.subscribe(topic);
      const session = await createSession(request, response, { keepAlive: heartbeatMs });
      let channel = channels.get(topic);
      if (!channel) channels.set(topic, (channel = createChannel()));
      channel.register(session);
    };
    open().catch((error: unknown) => console.error("better-sse:", error));
  });
  return {
    port: await listen(server),
    ...(feed.publisher && { publisher: feed.publisher }),
  };
}
