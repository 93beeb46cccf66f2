import type { ServerResponse } from "node:http";
import { createConnectionMonitor, sseLink, type SseLinkOptions } from "@jobwire/client";
import { createTRPCUntypedClient } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import superjson from "superjson";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { TopicEvent } from "../sse/support/topic-server.js";
import { eventually, Happening } from "../sse/support/waiting.js";
import { Collected, type StreamCallbacks } from "../support/collect.js";
import { beginStream, eventFrame, startScriptedServer } from "./support/scripted-server.js";

type Options = Omit<SseLinkOptions<AnyTRPCRouter>, "transformer">;

function watch(options: Options, input: unknown = {}, signal?: AbortSignal): Collected<TopicEvent> {
  const link = sseLink<AnyTRPCRouter>({
    transformer: superjson,
    backoff: { baseMs: 10, capMs: 10 },
    ...options,
  });
  const client = createTRPCUntypedClient<AnyTRPCRouter>({ links: [link] });
  return new Collected<TopicEvent>((callbacks: StreamCallbacks<TopicEvent>) =>
    client.subscription("topic", input, { ...(callbacks as object), signal } as never),
  );
}

describe("sseLink", () => {
  test("asks for headers and token before every attempt", async () => {
    await using server = await startScriptedServer((index, response) => {
      beginStream(response);
      response.write(eventFrame(index + 1));
      if (index < 2) response.end();
    });
    let asked = 0;
    using stream = watch({ url: server.url, token: async () => `token-${++asked}` });
    await stream.first(3);
    expect(server.requests.map(({ token }) => token)).toEqual(["token-1", "token-2", "token-3"]);
  });

  test("tells the token source that its token was refused", async () => {
    await using server = await startScriptedServer((index, response) => {
      if (index > 0) return beginStream(response);
      response.writeHead(401, { "content-type": "application/json" });
      return response.end("{}");
    });
    const told: boolean[] = [];
    using stream = watch({
      url: server.url,
      token: ({ wasRefused }) => {
        told.push(wasRefused);
        return "token";
      },
    });
    await stream.connected();
    expect(told).toEqual([false, true]);
  });

  test("asks for another as often as one is refused that was accepted before", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const open: ServerResponse[] = [];
    await using server = await startScriptedServer((index, response) => {
      open.push(response);
      beginStream(response);
      response.write(eventFrame(index + 1));
    });
    const told: boolean[] = [];
    using stream = watch({
      url: server.url,
      token: ({ wasRefused }) => {
        told.push(wasRefused);
        return "token";
      },
    });
    const refusal = { message: "It has expired.", code: -32001, data: { code: "UNAUTHORIZED" } };
    for (let count = 1; count <= 3; count++) {
      await stream.first(count);
      vi.advanceTimersByTime(5000);
      open.at(-1)?.end(`event: serialized-error\ndata: ${superjson.stringify(refusal)}\n\n`);
    }
    await stream.first(4);
    expect(told).toEqual([false, true, true, true]);
  });

  test("a token that cannot be had for now is asked for again", async () => {
    await using server = await startScriptedServer((_, response) => beginStream(response));
    let asked = 0;
    using stream = watch({
      url: server.url,
      token: async () => {
        if (++asked === 1) throw new Error("The identity provider is away.");
        return "token";
      },
    });
    expect((await stream.retriedError()).message).toBe("The identity provider is away.");
    await stream.connected();
  });

  test("a fixed token that is refused is reported at once", async () => {
    await using server = await startScriptedServer((_, response) => {
      response.writeHead(401).end();
    });
    using stream = watch({ url: server.url, token: "fixed" });
    expect((await stream.error()).data).toMatchObject({ code: "UNAUTHORIZED", httpStatus: 401 });
    expect(server.requests).toHaveLength(1);
  });

  test.each(["text/html", "application/json"])(
    "an answer of type %s is no stream: it is said, and not tried again",
    async (type) => {
      await using server = await startScriptedServer((_, response) => {
        response.writeHead(200, { "content-type": type }).end("{}");
      });
      using stream = watch({ url: `${server.url}/?key=secret` });
      const error = await stream.error();
      expect(error.message).toContain(`content type ${type}, not with text/event-stream`);
      expect(error.message).not.toContain("secret");
      expect(server.requests).toHaveLength(1);
    },
  );

  test.each(["localhost:3000", "/trpc", "127.0.0.1:3000/trpc", "http://user:secret@localhost/trpc"])(
    "a URL that cannot be asked is said, and not tried again: %s",
    async (url) => {
      using stream = watch({ url });
      const { message } = await stream.error();
      expect(message).toBe(
        `${url.replace("user:secret@", "")} is no URL that can be asked: begin it with http:// or https:// and a host, without a user or password.`,
      );
      expect(stream.states.map(({ state }) => state)).not.toContain("waiting");
    },
  );

  test("a runtime whose fetch cannot stream is told what to do", async () => {
    using stream = watch({
      url: "http://localhost",
      fetch: async () => ({
        ok: true,
        status: 200,
        headers: new Headers({ "content-type": "text/event-stream" }),
        body: null,
        text: async () => "",
      }),
    });
    expect((await stream.error()).message).toContain("give the option `fetch` one that can");
  });

  test("a value that is no JSON ends the stream with an error", async () => {
    await using server = await startScriptedServer((_, response) => {
      beginStream(response);
      response.write("data: {oops\n\n");
    });
    using stream = watch({ url: server.url });
    expect((await stream.error()).message).toBe("An event of topic cannot be read.");
  });

  test.each([
    ["plain", "/?input=%7B%22json%22%3A%7B%22topic%22%3A%22x%22%7D%7D", "a:1"],
    ["ünïcode", undefined, "ünïcode:1"],
    [" spaced ", undefined, " spaced :1"],
  ])(
    "a cursor travels unchanged, in the header where a header can carry it: %j",
    async (epoch, _, cursor) => {
      const id = epoch === "plain" ? "a:1" : `${epoch}:1`;
      await using server = await startScriptedServer((index, response) => {
        beginStream(response);
        if (index > 0) return response.write(eventFrame(2));
        return response.end(`data: {"json":{"number":1}}\nid: ${id}\n\n`);
      });
      using stream = watch({ url: server.url }, { topic: "x" });
      await stream.first(2);
      expect(server.requests[1]?.cursor).toBe(cursor);
      expect(server.requests[1]?.url.includes("lastEventId")).toBe(epoch !== "plain");
    },
  );

  test("nothing comes after the signal is aborted, not even what has arrived", async () => {
    const controller = new AbortController();
    await using server = await startScriptedServer((_, response) => {
      beginStream(response);
      response.write(eventFrame(1) + eventFrame(2) + eventFrame(3));
    });
    using stream = watch({ url: server.url }, {}, controller.signal);
    const ending = stream.completed();
    await stream.until(() => {
      controller.abort();
      return true;
    });
    expect(await ending).toHaveLength(1);
  });

  test.each(["onStarted", "onConnectionStateChange", "onData"])(
    "what %s throws ends the subscription with that error",
    async (name) => {
      const gone = new Happening("the stream is left");
      await using server = await startScriptedServer((_, response) => {
        response.once("close", () => gone.happen());
        beginStream(response);
        response.write(eventFrame(1));
      });
      const link = sseLink<AnyTRPCRouter>({ url: server.url, transformer: superjson });
      const client = createTRPCUntypedClient<AnyTRPCRouter>({ links: [link] });
      const failed = new Happening<Error>("the subscription fails");
      const thrown = new Error("a callback that is broken");
      client.subscription(
        "topic",
        {},
        {
          onError: (error) => failed.happen(error),
          [name]: ({ state }: { readonly state?: string }) => {
            if (state !== "connecting") throw thrown;
          },
        },
      );
      expect((await failed.soon()).cause).toBe(thrown);
      await gone.soon();
    },
  );

  test("nothing comes after it was unsubscribed, not even what has arrived", async () => {
    const gone: Promise<unknown>[] = [];
    await using server = await startScriptedServer((_, response) => {
      gone.push(new Promise((resolve) => response.once("close", resolve)));
      beginStream(response);
      response.write(eventFrame(1) + eventFrame(2) + eventFrame(3));
    });
    const link = sseLink<AnyTRPCRouter>({ url: server.url, transformer: superjson })({});
    const seen: unknown[] = [];
    // The link by itself: a client would hide what comes too late.
    const subscription = link({
      op: { id: 1, type: "subscription", path: "topic", input: {}, context: {}, signal: null },
      next: () => {
        throw new Error("It is the last link.");
      },
    }).subscribe({
      next({ result }) {
        seen.push(result.type ?? "data");
        if (seen.at(-1) === "data") subscription.unsubscribe();
      },
      complete: () => seen.push("complete"),
    });
    await eventually(() => gone.length).toBe(1);
    await gone[0];
    expect(seen).toEqual(["state", "started", "state", "data"]);
  });

  test("a hidden page holds no connection, and goes on where it was once it is seen", async () => {
    const page = Object.assign(new EventTarget(), { hidden: false });
    vi.stubGlobal("document", page);
    onTestFinished(() => void vi.unstubAllGlobals());
    const show = (isSeen: boolean) => {
      page.hidden = !isSeen;
      page.dispatchEvent(new Event("visibilitychange"));
    };
    const gone: Promise<unknown>[] = [];
    await using server = await startScriptedServer((index, response) => {
      gone.push(new Promise((resolve) => response.once("close", resolve)));
      beginStream(response);
      response.write(eventFrame(index + 1));
    });
    const monitor = createConnectionMonitor();
    using stream = watch({ url: server.url, pauseWhenHidden: true, monitor });
    await stream.first(1);
    show(false);
    await gone[0];
    expect(monitor.getSnapshot()).toEqual({
      state: "paused",
      attempt: 0,
      nextRetryAt: null,
      lastError: null,
    });
    show(true);
    await stream.first(2);
    expect(server.requests.map(({ cursor }) => cursor)).toEqual([null, "a:1"]);
    expect(monitor.getSnapshot().state).toBe("live");
  });
});
