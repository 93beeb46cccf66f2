import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { verifyBearer } from "./bearer.js";
import type { Contender, ServeOptions, Serving } from "./contender.js";
import { openFeed, openFeedPublisher } from "./event-feed.js";
import { listen, topicOf } from "./listen.js";

/** The least that node:http needs: one prepared frame for each event, written to every response of its topic. */
export const bare: Contender = {
  name: "bare",
  numbersIds: true,
  isSlow: false,
  patienceMs: 5000,
  keepsLogIn: null,
  pathOf: (topic) => `/events/${topic}`,
  serve,
  openPublisher: openFeedPublisher,
};

const headers = { "content-type": "text/event-stream", "cache-control": "no-cache, no-transform" };

async function serve({ redisUrl, heartbeatMs, verifiesTokens }: ServeOptions): Promise<Serving> {
  const topics = new Map<string, Set<ServerResponse>>();
  const feed = openFeed(redisUrl, (topic, { seq, json }) => {
    const frame = Buffer.from(`data: ${json}\nid: ${seq}\n\n`);
    for (const response of topics.get(topic) ?? []) response.write(frame);
  });
  const open = async (request: IncomingMessage, response: ServerResponse) => {
    if (verifiesTokens) await verifyBearer(request);
    const topic = topicOf(request.url);
    await feed.subscribe(topic);
    const responses = topics.get(topic) ?? new Set();
    topics.set(topic, responses.add(response));
    response.once("close", () => responses.delete(response));
    response.writeHead(200, headers);
    response.write(": connected\n\n");
  };
  const server = createServer((request, response) => {
    open(request, response).catch(() => response.writeHead(401).end());
  });
  setInterval(() => {
    for (const responses of topics.values()) for (const response of responses) response.write(": ping\n\n");
  }, heartbeatMs);
  return {
    port: await listen(server),
    ...(feed.publisher && { publisher: feed.publisher }),
  };
}
