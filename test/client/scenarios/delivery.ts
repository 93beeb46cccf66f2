import { assert, expect } from "vitest";
import { startTcpProxy } from "../../sse/support/tcp-proxy.js";
import { startTopicServer } from "../../sse/support/topic-server.js";
import { eventually } from "../../sse/support/waiting.js";
import { watchJob, type Collected } from "../../support/collect.js";
import { startTestServer } from "../../support/test-server.js";
import { beginStream, eventFrame, startScriptedServer } from "../support/scripted-server.js";
import type { Scenario } from "./scenario.js";

const topic = "board";

export const deliveryScenarios: readonly Scenario[] = [
  {
    title: "retained events come first, then live ones, in order",
    async run(link) {
      await using server = await startTopicServer();
      await server.publish(topic, {}, {}, {});
      using stream = link.watchTopic(server.url, topic);
      await stream.first(3);
      await server.publish(topic, {}, {});
      await stream.first(5);
      expect(offsetsOf(stream)).toEqual(range(5));
    },
  },
  {
    title: "a job's stream completes after the event that ends the job, and does not come back",
    async run(link) {
      await using server = await startTestServer();
      const { token } = await server.newUser();
      const service = await server.newService();
      const client = link.client(server.url, () => token);
      const { id: jobId } = await client.jobs.create.mutate({});
      using stream = watchJob(client, { jobId });
      await stream.first(1);
      await service.client.jobs.transition.mutate({ jobId, to: "failed" });
      const events = await stream.completed();
      expect(events.map(({ type }) => type)).toEqual([
        "build.stage.started",
        "build.stage.completed",
        "build.stage.started",
      ]);
    },
  },
  {
    title: "a connection that breaks again and again: every event once, in order",
    async run(link) {
      await using server = await startTopicServer({ retryMs: 10 });
      await using proxy = await startTcpProxy(server.port);
      using stream = link.watchTopic(proxy.url, topic);
      await stream.connected();
      for (let cut = 1; cut <= 5; cut++) {
        await server.publish(topic, ...Array.from({ length: 20 }, () => ({})));
        await stream.first(cut * 40 - 20);
        proxy.breakAll();
        await server.publish(topic, ...Array.from({ length: 20 }, () => ({})));
        await stream.first(cut * 40);
      }
      expect(offsetsOf(stream)).toEqual(range(200));
    },
  },
  {
    title: "a connection that breaks within an event: the event comes once, and whole",
    async run(link) {
      await using server = await startScriptedServer((index, response) => {
        beginStream(response);
        if (index > 0) return response.write(eventFrame(2, "second") + eventFrame(3, "third"));
        const torn = eventFrame(2, "second").slice(0, -5);
        return response.write(eventFrame(1, "first") + torn, () => response.destroy());
      });
      using stream = link.watchTopic(server.url, topic);
      await stream.first(3);
      expect(stream.events.map(({ text }) => text)).toEqual(["first", "second", "third"]);
      expect(server.requests.map(({ cursor }) => cursor)).toEqual([null, "a:1"]);
    },
  },
  {
    title: "events that are gone: `stream.gap` says so and brings the job as it is",
    async run(link) {
      await using server = await startTestServer();
      const { token } = await server.newUser();
      const client = link.client(server.url, () => token);
      const { id: jobId } = await client.jobs.create.mutate({ title: "Shop" });
      const lastEventId = "0123456789abcdef0123:7";
      using stream = watchJob(client, { jobId, lastEventId });
      const [gap, next] = (await stream.first(2)).map(({ data }) => data);
      assert(gap?.type === "stream.gap");
      expect(gap).toMatchObject({
        reason: "log-lost",
        from: lastEventId,
        snapshot: { id: jobId, title: "Shop" },
      });
      expect(next?.type).toBe("build.stage.started");
    },
  },
  {
    title: "a stream that is left holds nothing",
    async run(link) {
      await using server = await startTopicServer();
      const stream = link.watchTopic(server.url, topic);
      await stream.connected();
      expect(server.sse.connectionCount()).toBe(1);
      stream.unsubscribe();
      await eventually(() => server.sse.connectionCount()).toBe(0);
    },
  },
];

export function offsetsOf(stream: Collected<unknown>): number[] {
  return stream.ids.map((id) => Number(id.split(":")[1]));
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
