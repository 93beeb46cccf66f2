import { createJobwireClient, sseLink, type SseLinkOptions } from "@jobwire/client";
import { createTRPCUntypedClient } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import superjson from "superjson";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TopicEvent } from "../sse/support/topic-server.js";
import { eventually } from "../sse/support/waiting.js";
import { Collected, type StreamCallbacks } from "../support/collect.js";
import { FakePage } from "./support/fake-page.js";
import { beginStream, eventFrame, startScriptedServer } from "./support/scripted-server.js";
import { FakeLocks } from "./tabs/fake-locks.js";

/** What proxies answer while the server behind them is deployed. */

type Options = Omit<SseLinkOptions<AnyTRPCRouter>, "transformer">;

function watch(options: Options): Collected<TopicEvent> {
  const backoff = { baseMs: 5, capMs: 5 };
  const link = sseLink<AnyTRPCRouter>({ transformer: superjson, backoff, ...options });
  const client = createTRPCUntypedClient<AnyTRPCRouter>({ links: [link] });
  return new Collected<TopicEvent>((callbacks: StreamCallbacks<TopicEvent>) =>
    client.subscription("topic", {}, callbacks as StreamCallbacks<unknown> as never),
  );
}

const page = "<html><head><title>Not here</title></head><body>nginx</body></html>";

const bodies = {
  "a page": ["text/html", page],
  nothing: ["text/plain", ""],
  "JSON of a web framework": [
    "application/json",
    '{"statusCode":404,"error":"Not Found","message":"no route"}',
  ],
  "JSON of a gateway": [
    "application/json",
    '{"error":{"code":404,"message":"no route","status":"NOT_FOUND"}}',
  ],
  "JSON that is no object": ["application/json", '"not found"'],
  "a page that says it is JSON": ["application/json", page],
} as const;

describe("an answer that is not the server's own", () => {
  test.each([404, 408, 421, 425, 429, 500, 502, 503, 504, 520])(
    "with status %i is tried again, and the stream goes on where it was",
    async (status) => {
      await using server = await startScriptedServer((index, response) => {
        if (index === 0) {
          beginStream(response);
          return response.end(eventFrame(1));
        }
        if (index <= 3) return response.writeHead(status, { "content-type": "text/html" }).end(page);
        beginStream(response);
        return response.write(eventFrame(2));
      });
      using stream = watch({ url: server.url });
      await stream.first(2);
      expect(server.requests.map(({ cursor }) => cursor)).toEqual([null, "a:1", "a:1", "a:1", "a:1"]);
      const errors = stream.states.flatMap(({ error }) => (error ? [error] : []));
      expect(errors.some(({ data }) => data?.httpStatus === status)).toBe(true);
      for (const { message } of errors) expect(message).not.toMatch(/<|nginx/);
    },
  );

  test.each(Object.entries(bodies))("whose body is %s is tried again from the start", async (_, answer) => {
    const [type, body] = answer;
    await using server = await startScriptedServer((index, response) => {
      if (index < 3) return response.writeHead(404, { "content-type": type }).end(body);
      beginStream(response);
      return response.write(eventFrame(1));
    });
    using stream = watch({ url: server.url });
    expect((await stream.retriedError()).message).toBe(
      "The server answered with HTTP status 404, and not as a tRPC server does: check the URL.",
    );
    await stream.first(1);
    expect(server.requests).toHaveLength(4);
  });

  test.each(["text/html", "application/json"])(
    "is a page with status 200 of type %s: tried again where a stream has been before",
    async (type) => {
      await using server = await startScriptedServer((index, response) => {
        if (index === 1 || index === 2) return response.writeHead(200, { "content-type": type }).end(page);
        beginStream(response);
        return index === 0 ? response.end(eventFrame(1)) : response.write(eventFrame(2));
      });
      using stream = watch({ url: server.url });
      await stream.first(2);
      expect(server.requests).toHaveLength(4);
    },
  );

  test("is waited through by a stream whose page was hidden, and by a tab that leads after another", async () => {
    const browserPage = FakePage.open();
    vi.stubGlobal("navigator", { onLine: true, locks: new FakeLocks() });
    await using server = await startScriptedServer((index, response) => {
      if (index === 1 || index === 4)
        return response.writeHead(200, { "content-type": "text/html" }).end(page);
      beginStream(response);
      return index === 3 || response.write(eventFrame(index));
    });
    using hidden = watch({ url: server.url, pauseWhenHidden: true });
    await hidden.first(1);
    browserPage.show(false);
    await eventually(() => hidden.states.at(-1)?.connection?.state).toBe("paused");
    browserPage.show(true);
    await hidden.first(2);
    const shareAs = () => "alice";
    const leader = watch({ url: server.url, shareAs });
    await leader.connected();
    using follower = watch({ url: server.url, shareAs });
    await follower.connected();
    leader.unsubscribe();
    await follower.until(({ number }) => number === 5);
  });

  test.each([400, 403, 405, 410, 413])("with status %i is final", async (status) => {
    await using server = await startScriptedServer((_, response) => {
      response.writeHead(status, { "content-type": "text/html" }).end(page);
    });
    using stream = watch({ url: server.url });
    const error = await stream.error();
    expect(error.message).toBe(`The server answered with HTTP status ${status}.`);
    expect(error.data?.httpStatus).toBe(status);
    expect(server.requests).toHaveLength(1);
  });

  test("says when to come back, and is asked no sooner", async () => {
    await using server = await startScriptedServer((index, response) => {
      if (index === 0) return response.writeHead(404, { "retry-after": "1" }).end(page);
      beginStream(response);
      return response.write(eventFrame(1));
    });
    using stream = watch({ url: server.url });
    await stream.first(1);
    const [first, second] = server.requests;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(990);
  });
});

describe("an error of the server itself is final at once", () => {
  test.each([
    ["NOT_FOUND", 404, -32004],
    ["TIMEOUT", 408, -32008],
    ["BAD_REQUEST", 400, -32600],
    ["CONFLICT", 409, -32009],
  ])("%s", async (code, httpStatus, number) => {
    const shape = { message: "said by the server", code: number, data: { code, httpStatus } };
    await using server = await startScriptedServer((index, response) => {
      if (index === 0) {
        beginStream(response);
        return response.end(eventFrame(1));
      }
      response.writeHead(httpStatus, { "content-type": "application/json" });
      return response.end(JSON.stringify({ error: { json: shape } }));
    });
    using stream = watch({ url: server.url });
    expect(await stream.error()).toMatchObject({ message: "said by the server", data: { code, httpStatus } });
    expect(server.requests).toHaveLength(2);
  });
});

describe("with a proxy that has nothing else to say", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** Answers with these, one after the other, the last one for ever, and notes when. */
  function scriptedFetch(...answers: (() => Response)[]) {
    const asked: number[] = [];
    const startedAt = Date.now();
    const send = async () => {
      asked.push(Date.now() - startedAt);
      const answer = answers[Math.min(asked.length, answers.length) - 1];
      if (!answer) throw new Error("No answer was given.");
      return answer();
    };
    return { asked, send };
  }

  const refusal = (status: number) => () => new Response(page, { status });
  const brokenStream = () =>
    new Response("event: connected\ndata: {}\n\n", { headers: { "content-type": "text/event-stream" } });

  test.each([404, 408, 421, 425])("status %i is final after half a minute", async (status) => {
    const { asked, send } = scriptedFetch(refusal(status));
    using stream = watch({ url: "http://localhost", fetch: send, backoff: { baseMs: 1000, capMs: 30_000 } });
    await vi.advanceTimersByTimeAsync(29_000);
    expect(stream.states.at(-1)?.state).toBe("connecting");
    await vi.advanceTimersByTimeAsync(1000);
    expect((await stream.error()).data?.httpStatus).toBe(status);
    expect(asked.at(-1)).toBe(30_000);
    const final = asked.length;
    await vi.advanceTimersByTimeAsync(300_000);
    expect(asked).toHaveLength(final);
  });

  test("the half minute begins with the first of such answers, however long others came before", async () => {
    const away = Array.from({ length: 5 }, () => refusal(503));
    const { asked, send } = scriptedFetch(brokenStream, ...away, refusal(404));
    using stream = watch({
      url: "http://localhost",
      fetch: send,
      backoff: { baseMs: 60_000, capMs: 60_000 },
    });
    vi.spyOn(Math, "random").mockReturnValue(1);
    await vi.advanceTimersByTimeAsync(400_000);
    await stream.error();
    expect(asked).toEqual([0, 60_000, 120_000, 180_000, 240_000, 300_000, 360_000, 390_000]);
  });

  test("and with others in between it is never final: something is under way", async () => {
    let count = 0;
    const { asked, send } = scriptedFetch(() => refusal(count++ % 2 === 0 ? 404 : 502)());
    using stream = watch({ url: "http://localhost", fetch: send, backoff: { baseMs: 1000, capMs: 1000 } });
    await vi.advanceTimersByTimeAsync(300_000);
    expect(stream.states.at(-1)?.state).toBe("connecting");
    expect(asked.length).toBeGreaterThan(100);
  });

  test("a stream that comes back and breaks has its half minute again", async () => {
    const { asked, send } = scriptedFetch(brokenStream, refusal(404), brokenStream, refusal(404));
    using stream = watch({
      url: "http://localhost",
      fetch: send,
      backoff: { baseMs: 20_000, capMs: 20_000 },
    });
    vi.spyOn(Math, "random").mockReturnValue(1);
    await vi.advanceTimersByTimeAsync(200_000);
    await stream.error();
    expect(asked).toEqual([0, 20_000, 40_000, 60_000, 80_000, 90_000]);
  });
});

test.each([404, 500, 502, 503])("a call shows nobody the page of a proxy: %i", async (status) => {
  await using server = await startScriptedServer((_, response) => {
    response.writeHead(status, { "content-type": "text/html" }).end(page);
  });
  await using client = createJobwireClient({ url: server.url });
  const failure = client.trpc.jobs.get.query({ jobId: "x" });
  // It has no code: nothing of the application has said it, and whoever tries again does.
  await expect(failure).rejects.toMatchObject({
    message: `The server answered with HTTP status ${status}, and not as a tRPC server does.`,
    data: undefined,
  });
});
