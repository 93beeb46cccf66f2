import { Redis } from "ioredis";
import type { BenchEvent } from "../event.js";
import type { Publisher, PublisherOptions } from "./contender.js";

/** Where the servers that have no store of their own get their events: one Redis connection, or from within. */
export interface EventFeed {
  /** Resolves when the topic's events flow. */
  subscribe(topic: string): Promise<void>;
  /** Events of the topic after this one, oldest first. Only of a Redis and only when publishers retain. */
  after(topic: string, seq: number): Promise<BenchEvent[]>;
  /** Publishes from within; `undefined` with a Redis. */
  readonly publisher: Publisher | undefined;
}

type OnEvent = (topic: string, event: BenchEvent) => void;

export function openFeed(redisUrl: string | null, onEvent: OnEvent): EventFeed {
  return redisUrl === null ? openMemoryFeed(onEvent) : openRedisFeed(redisUrl, onEvent);
}

/** PUBLISH, and XADD to a log where events are retained. */
export async function openFeedPublisher({ redisUrl, retains }: PublisherOptions): Promise<Publisher> {
  const redis = new Redis(redisUrl, { enableAutoPipelining: true });
  return {
    async publish(topic, { seq, json }) {
      if (retains) void redis.xadd(logOf(topic), `${seq}-0`, "json", json);
      await redis.publish(channelOf(topic), `${seq}\n${json}`);
    },
    [Symbol.asyncDispose]: async () => redis.disconnect(),
  };
}

function openRedisFeed(redisUrl: string, onEvent: OnEvent): EventFeed {
  const commands = new Redis(redisUrl);
  const subscriber = new Redis(redisUrl);
  const subscriptions = new Map<string, Promise<unknown>>();
  subscriber.on("message", (channel: string, text: string) => {
    const end = text.indexOf("\n");
    onEvent(channel.slice(channelOf("").length), {
      seq: Number(text.slice(0, end)),
      json: text.slice(end + 1),
    });
  });
  return {
    async subscribe(topic) {
      let subscribed = subscriptions.get(topic);
      if (!subscribed) subscriptions.set(topic, (subscribed = subscriber.subscribe(channelOf(topic))));
      await subscribed;
    },
    async after(topic, seq) {
      const rows = await commands.xrange(logOf(topic), `${seq + 1}-0`, "+");
      return rows.map(([id, [, json = ""]]) => ({ seq: Number.parseInt(id, 10), json }));
    },
    publisher: undefined,
  };
}

function openMemoryFeed(onEvent: OnEvent): EventFeed {
  return {
    subscribe: async () => {},
    after: async () => [],
    publisher: {
      publish: async (topic, event) => onEvent(topic, event),
      [Symbol.asyncDispose]: async () => {},
    },
  };
}

function channelOf(topic: string): string {
  return `bench:${topic}`;
}

function logOf(topic: string): string {
  return `bench-log:${topic}`;
}
