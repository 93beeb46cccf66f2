import { expect } from "vitest";
import { startTopicServer } from "../../sse/support/topic-server.js";
import { watchJob, watchWork } from "../../support/collect.js";
import { startTestServer } from "../../support/test-server.js";
import { beginStream, eventFrame, startScriptedServer } from "../support/scripted-server.js";
import type { Scenario } from "./scenario.js";

const topic = "board";

export const errorScenarios: readonly Scenario[] = [
  {
    title: "`NOT_FOUND`, `BAD_REQUEST`, `FORBIDDEN`: reported once, with code and reason",
    async run(link) {
      await using server = await startTestServer();
      const { token } = await server.newUser();
      const client = link.client(server.url, () => token);
      using absent = watchJob(client, { jobId: "nobody's" });
      expect((await absent.error()).data).toMatchObject({
        code: "NOT_FOUND",
        httpStatus: 404,
        reason: "JOB_NOT_FOUND",
      });
      const { id: jobId } = await client.jobs.create.mutate({});
      using malformed = watchJob(client, { jobId, lastEventId: "not a cursor" });
      expect((await malformed.error()).data).toMatchObject({ code: "BAD_REQUEST", httpStatus: 400 });
      using forbidden = watchWork(client, { pipeline: "build" });
      expect((await forbidden.error()).data).toMatchObject({
        code: "FORBIDDEN",
        httpStatus: 403,
        reason: "ROLE_REQUIRED",
      });
    },
  },
  {
    title: "an error 5xx within the stream (`SERVICE_UNAVAILABLE`): tried again, and continued",
    async run(link) {
      await using server = await startScriptedServer((index, response) => {
        beginStream(response);
        if (index === 2) return response.write(eventFrame(1));
        const shape = {
          message: "away",
          code: -32603,
          data: { code: "SERVICE_UNAVAILABLE", httpStatus: 503 },
        };
        return response.end(`event: serialized-error\ndata: ${JSON.stringify({ json: shape })}\n\n`);
      });
      using stream = link.watchTopic(server.url, topic);
      expect((await stream.retriedError()).data?.code).toBe("SERVICE_UNAVAILABLE");
      await stream.first(1);
      expect(server.requests).toHaveLength(3);
    },
  },
  {
    title: "one stream more than the limit (HTTP 429): tried again after `Retry-After`, until there is room",
    async run(link) {
      await using server = await startTopicServer({ maxConnections: 1 });
      using first = link.watchTopic(server.url, topic);
      await first.connected();
      using second = link.watchTopic(server.url, topic);
      expect((await second.retriedError()).data).toMatchObject({
        code: "TOO_MANY_REQUESTS",
        httpStatus: 429,
      });
      first.unsubscribe();
      await second.connected();
    },
    stock: {
      instead: "stops, and the error has no code",
      async run(link) {
        await using server = await startTopicServer({ maxConnections: 1 });
        using first = link.watchTopic(server.url, topic);
        await first.connected();
        using second = link.watchTopic(server.url, topic);
        expect((await second.error()).data).toBeUndefined();
      },
    },
  },
  {
    title:
      "a proxy that answers 503 for a while, with a page of its own: tried again, not before `Retry-After`",
    async run(link) {
      await using server = await startProxyWithoutUpstream();
      using stream = link.watchTopic(server.url, topic);
      expect((await stream.retriedError()).data).toMatchObject({
        code: "SERVICE_UNAVAILABLE",
        httpStatus: 503,
      });
      await stream.first(1);
      const [first, second] = server.requests;
      expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(990);
      expect(server.requests).toHaveLength(4);
    },
    stock: {
      instead: "stops at the first 503, and the error has no code",
      async run(link) {
        await using server = await startProxyWithoutUpstream();
        using stream = link.watchTopic(server.url, topic);
        expect((await stream.error()).data).toBeUndefined();
        expect(server.requests).toHaveLength(1);
      },
    },
  },
  {
    title:
      "a proxy that answers 404 with a page of its own while the server is deployed: tried again, and continued",
    async run(link) {
      await using server = await startProxyDuringDeployment();
      using stream = link.watchTopic(server.url, topic);
      await stream.first(2);
      expect(stream.states.map(({ error }) => error?.data?.httpStatus)).toContain(404);
      expect(server.requests.map(({ cursor }) => cursor)).toEqual([null, "a:1", "a:1", "a:1"]);
    },
    stock: {
      instead: "stops at the first 404, and the error has no code",
      async run(link) {
        await using server = await startProxyDuringDeployment();
        using stream = link.watchTopic(server.url, topic);
        expect((await stream.error()).data).toBeUndefined();
        expect(server.requests).toHaveLength(2);
      },
    },
  },
  {
    title: "between attempts: the error, the number of the attempt and the time of the next are known",
    async run(link) {
      await using server = await startProxyWithoutUpstream();
      using stream = link.watchTopic(server.url, topic);
      await stream.first(1);
      const waits = stream.states.flatMap(({ connection }) =>
        connection?.state === "waiting" ? [connection] : [],
      );
      expect(waits.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      for (const { nextRetryAt, lastError } of waits) {
        expect(nextRetryAt).toBeInstanceOf(Date);
        expect(lastError?.data?.httpStatus).toBe(503);
      }
    },
    stock: {
      instead: "knows that it is connecting",
      async run(link) {
        await using server = await startScriptedServer((_, response) => beginStream(response));
        using stream = link.watchTopic(server.url, topic);
        await stream.connected();
        for (const state of stream.states)
          expect(Object.keys(state).toSorted()).toEqual(["error", "state", "type"]);
      },
    },
  },
];

/** Three times 503, the first with a time to come back at; then an event. */
function startProxyWithoutUpstream() {
  return startScriptedServer((index, response) => {
    if (index < 3) {
      response.writeHead(503, { "content-type": "text/html", ...(index === 0 && { "retry-after": "1" }) });
      return response.end("<h1>503 Service Temporarily Unavailable</h1>");
    }
    beginStream(response);
    return response.write(eventFrame(1));
  });
}

/** A stream that breaks after an event, two pages of a proxy that has nowhere to go, and a stream again. */
function startProxyDuringDeployment() {
  return startScriptedServer((index, response) => {
    if (index === 1 || index === 2) {
      response.writeHead(404, { "content-type": "text/html" });
      return response.end("<h1>404 Not Found</h1>");
    }
    beginStream(response);
    return index === 0 ? response.end(eventFrame(1)) : response.write(eventFrame(2));
  });
}
