import { createJobwireClient, sseLink, type SseLinkOptions } from "@jobwire/client";
import { createTRPCUntypedClient } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import superjson from "superjson";
import { describe, expect, test } from "vitest";
import type { TopicEvent } from "../sse/support/topic-server.js";
import { Collected, type StreamCallbacks } from "../support/collect.js";
import { eventFrame, startScriptedServer } from "./support/scripted-server.js";

type Options = Omit<SseLinkOptions<AnyTRPCRouter>, "transformer">;

function watch(options: Options): Collected<TopicEvent> {
  const backoff = { baseMs: 1, capMs: 1 };
  const link = sseLink<AnyTRPCRouter>({ transformer: superjson, backoff, ...options });
  const client = createTRPCUntypedClient<AnyTRPCRouter>({ links: [link] });
  return new Collected<TopicEvent>((callbacks: StreamCallbacks<TopicEvent>) =>
    client.subscription("topic", {}, callbacks as StreamCallbacks<unknown> as never),
  );
}

describe("an answer is a stream", () => {
  test.each([
    "text/event-stream",
    "Text/Event-Stream",
    "TEXT/EVENT-STREAM; CHARSET=UTF-8",
    "text/Event-stream;charset=utf-8",
    "text/event-stream ; charset=utf-8",
  ])("with the content type %s", async (type) => {
    await using server = await startScriptedServer((_, response) => {
      response.writeHead(200, { "content-type": type });
      response.end(`event: connected\ndata: {}\n\n${eventFrame(1)}event: return\ndata: \n\n`);
    });
    using stream = watch({ url: server.url });
    expect(await stream.completed()).toHaveLength(1);
  });

  test.each(["text/event-streams", "text/html; for=text/event-stream", "application/json"])(
    "but not with the content type %s",
    async (type) => {
      await using server = await startScriptedServer((_, response) => {
        response.writeHead(200, { "content-type": type }).end(eventFrame(1));
      });
      using stream = watch({ url: server.url });
      expect((await stream.error()).message).toContain(`content type ${type}, not`);
    },
  );
});

test("an error is read whatever the spelling of its content type", async () => {
  await using server = await startScriptedServer((_, response) => {
    response.writeHead(404, { "Content-Type": "APPLICATION/JSON; CHARSET=UTF-8" });
    const shape = { message: "No such job", code: -32004, data: { code: "NOT_FOUND", httpStatus: 404 } };
    response.end(JSON.stringify({ error: { json: shape } }));
  });
  using stream = watch({ url: server.url });
  expect((await stream.error()).message).toBe("No such job");
});

describe("a header that is given twice", () => {
  test.each([
    ["authorization", "Bearer given"],
    ["AUTHORIZATION", "Bearer given"],
    ["accept", "*/*"],
    ["ACCEPT", "text/html"],
    ["last-event-id", "given"],
  ])("in another spelling goes out once, as the client has it: %s", async (name, value) => {
    const seen: Record<string, string>[] = [];
    using stream = watch({
      url: "http://localhost",
      token: "asked",
      headers: { [name]: value, "X-Own": "stays" },
      fetch: async (_url, { headers }) => {
        seen.push(headers);
        const id = seen.length === 1 ? "" : "event: return\ndata: \n\n";
        const body = new Response(`event: connected\ndata: {}\n\n${eventFrame(seen.length)}${id}`);
        return new Response(body.body, { headers: { "content-type": "text/event-stream" } });
      },
    });
    await stream.completed();
    expect(Object.fromEntries(new Headers(seen[1]).entries())).toEqual({
      accept: "text/event-stream",
      authorization: "Bearer asked",
      "last-event-id": "a:1",
      "x-own": "stays",
    });
  });
});

describe("a header that no request can have", () => {
  test.each([
    ["a token beyond Latin-1", { token: "t☃ken" }, "Authorization"],
    ["a token with a line break in it", { token: "to\nken" }, "Authorization"],
    ["a header beyond Latin-1", { headers: { "x-user": "日本" } }, "x-user"],
    ["a name with a space", { headers: { "x user": "a" } }, "x user"],
    ["a value with NUL", { headers: { "x-user": "a\0" } }, "x-user"],
    ["a value that ends in a space of no header", { headers: { "x-user": "a\u2003" } }, "x-user"],
  ])("is said, by its name, and not tried again: %s", async (_, options, name) => {
    await using server = await startScriptedServer(() => {});
    using stream = watch({ url: server.url, ...options });
    const { message } = await stream.error();
    expect(message).toContain(`The header ${JSON.stringify(name)} cannot be sent`);
    expect(message).not.toContain("ken");
    expect(server.requests).toEqual([]);
  });

  test("is said by calls too", async () => {
    await using client = createJobwireClient({ url: "http://localhost:1", token: "t☃ken" });
    await expect(client.trpc.jobs.get.query({ jobId: "x" })).rejects.toThrow(
      'The header "Authorization" cannot be sent',
    );
  });

  test("is none that ends with the line break of its file", async () => {
    await using server = await startScriptedServer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end("event: connected\ndata: {}\n\nevent: return\ndata: \n\n");
    });
    using stream = watch({ url: server.url, token: "token\r\n" });
    await stream.completed();
    expect(server.requests.map(({ token }) => token)).toEqual(["token"]);
  });
});
