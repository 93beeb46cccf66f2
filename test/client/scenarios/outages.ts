import { expect } from "vitest";
import { openMemoryStore } from "../../../server/src/store/memory-store.js";
import { FaultProxy } from "../../faults/support/fault-proxy.js";
import { startTcpProxy } from "../../sse/support/tcp-proxy.js";
import { startTopicServer } from "../../sse/support/topic-server.js";
import { eventually } from "../../sse/support/waiting.js";
import { watchJob } from "../../support/collect.js";
import { startRedis } from "../../support/redis-server.js";
import { startTestServer } from "../../support/test-server.js";
import { beginStream, startScriptedServer } from "../support/scripted-server.js";
import { offsetsOf, range } from "./delivery.js";
import { impatientLink, type LinkUnderTest } from "./link-under-test.js";
import type { Scenario } from "./scenario.js";

const topic = "board";

export const outageScenarios: readonly Scenario[] = [
  {
    title: "the server is stopped and another takes over: the stream goes on there",
    async run(link) {
      await using store = openMemoryStore({ maxEvents: 1000 });
      const first = await startTopicServer({ store, retryMs: 10 });
      await using second = await startTopicServer({ store, retryMs: 10 });
      await using proxy = await startTcpProxy(first.port);
      using stream = link.watchTopic(proxy.url, topic);
      await first.publish(topic, {}, {});
      await stream.first(2);
      proxy.switchTo(second.port);
      await first.sse.drain({ overMs: 50 });
      await first[Symbol.asyncDispose]();
      await second.publish(topic, {}, {});
      await stream.first(4);
      expect(offsetsOf(stream)).toEqual(range(4));
    },
  },
  {
    title: "nobody answers for a while: the stream goes on once a server is back",
    async run(link) {
      await using store = openMemoryStore({ maxEvents: 1000 });
      const first = await startTopicServer({ store, retryMs: 10 });
      await using proxy = await startTcpProxy(first.port);
      using stream = link.watchTopic(proxy.url, topic);
      await first.publish(topic, {}, {});
      await stream.first(2);
      await first[Symbol.asyncDispose]();
      await stream.reconnecting();
      await using second = await startTopicServer({ store });
      proxy.switchTo(second.port);
      await second.publish(topic, {}, {});
      await stream.first(4);
      expect(offsetsOf(stream)).toEqual(range(4));
    },
  },
  {
    title: "Redis is away: an open stream stays open, a new one waits, and both get what they missed",
    async run(link) {
      await using redis = await startRedis();
      await using proxy = await FaultProxy.start(Number(new URL(redis.url).port));
      await using server = await startTestServer({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
      const { token } = await server.newUser();
      const client = link.client(server.url, () => token);
      const { id: jobId } = await client.jobs.create.mutate({});
      const { id: lateJobId } = await client.jobs.create.mutate({});
      using open = watchJob(client, { jobId });
      await open.first(1);
      proxy.mute();
      proxy.cut();
      using late = watchJob(client, { jobId: lateJobId });
      expect((await late.retriedError()).data?.code).toBe("SERVICE_UNAVAILABLE");
      proxy.heal();
      const service = await server.newService();
      await eventually(async () => (await fetch(`${server.url}/readyz`)).status).toBe(200);
      for (const id of [jobId, lateJobId])
        await service.client.jobs.transition.mutate({ jobId: id, to: "failed" });
      expect(await open.completed()).toHaveLength(3);
      expect(await late.completed()).toHaveLength(3);
    },
  },
  {
    title: "a connection that stands but brings nothing: made again after three silent heartbeats",
    async run(link) {
      await using server = await startTopicServer({ heartbeatMs: 100 });
      await using proxy = await startTcpProxy(server.port);
      using stream = link.watchTopic(proxy.url, topic);
      await stream.connected();
      proxy.stall();
      await server.publish(topic, {}, {});
      await stream.reconnecting();
      proxy.flow();
      await stream.first(2);
      expect(offsetsOf(stream)).toEqual([1, 2]);
    },
  },
  {
    title: "a server that accepts connections and never answers: given up, and tried again",
    async run() {
      await using server = await startScriptedServer(() => {});
      using stream = impatientLink.watchTopic(server.url, topic);
      expect((await stream.retriedError()).message).toBe("Nothing came from the server for 200 ms.");
      await eventually(() => server.requests.length).toBeGreaterThanOrEqual(3);
    },
    stock: {
      instead: "waits without end",
      async run(link) {
        await using stock = await startScriptedServer(() => {});
        await using other = await startScriptedServer(() => {});
        using _stream = link.watchTopic(stock.url, topic);
        using _measure = impatientLink.watchTopic(other.url, topic);
        await eventually(() => other.requests.length).toBeGreaterThanOrEqual(4);
        expect(stock.requests).toHaveLength(1);
      },
    },
  },
  {
    title: "many reconnects after silence: no listener is left behind",
    async run(link) {
      expect(await warningsOfSilence(link)).toEqual([]);
    },
    stock: {
      instead: "one abort listener more with each",
      async run(link) {
        expect(await warningsOfSilence(link)).toEqual(["MaxListenersExceededWarning"]);
      },
    },
  },
];

/** What Node warns of while a stream is connected fifteen times to a server that says nothing after `connected`. */
async function warningsOfSilence(link: LinkUnderTest): Promise<string[]> {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => warnings.push(name);
  process.on("warning", onWarning);
  try {
    await using server = await startScriptedServer((_, response) =>
      beginStream(response, { reconnectAfterInactivityMs: 20 }),
    );
    using _stream = link.watchTopic(server.url, topic);
    await eventually(() => server.requests.length).toBeGreaterThanOrEqual(15);
    return warnings;
  } finally {
    process.off("warning", onWarning);
  }
}
