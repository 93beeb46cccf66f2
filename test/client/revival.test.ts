import { createConnectionMonitor, sseLink, type SseLinkOptions } from "@jobwire/client";
import { createTRPCUntypedClient } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import superjson from "superjson";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { keepLoading } from "../../client/src/live/keep-loading.js";
import { pause } from "../../client/src/sse/retry-schedule.js";
import type { TopicEvent } from "../sse/support/topic-server.js";
import { eventually } from "../sse/support/waiting.js";
import { Collected, type StreamCallbacks } from "../support/collect.js";
import { FakePage } from "./support/fake-page.js";
import { beginStream, eventFrame, startScriptedServer } from "./support/scripted-server.js";

/** What a page hears of the network and of who looks at it, and what a stream makes of it. */

type Options = Omit<SseLinkOptions<AnyTRPCRouter>, "transformer">;

const anHour = 3_600_000;

function watch(options: Options): Collected<TopicEvent> {
  const backoff = { baseMs: anHour, capMs: anHour };
  const link = sseLink<AnyTRPCRouter>({ transformer: superjson, backoff, ...options });
  const client = createTRPCUntypedClient<AnyTRPCRouter>({ links: [link] });
  return new Collected<TopicEvent>((callbacks: StreamCallbacks<TopicEvent>) =>
    client.subscription("topic", {}, callbacks as StreamCallbacks<unknown> as never),
  );
}

/** What tells that another attempt promises more. */
const revivals: Record<string, (page: FakePage) => void> = {
  "the network is there again": (page) => {
    page.network(false);
    page.network(true);
  },
  "the browser says `online`": (page) => page.say("online"),
  "the page is seen again": (page) => {
    page.show(false);
    page.show(true);
  },
  "the page comes back from the cache": (page) => page.say("pageshow"),
  "the window is used again": (page) => page.say("focus"),
};

let page: FakePage;
beforeEach(() => {
  page = FakePage.open();
  // The longest that there is.
  vi.spyOn(Math, "random").mockReturnValue(1);
  onTestFinished(() => void vi.restoreAllMocks());
});

describe("a backoff of an hour ends at once", () => {
  test.each(Object.entries(revivals))("when %s", async (_, revive) => {
    await using server = await startScriptedServer((index, response) => {
      if (index === 0) return response.writeHead(503).end();
      beginStream(response);
      return response.write(eventFrame(1));
    });
    const monitor = createConnectionMonitor();
    const stream = watch({ url: server.url, monitor });
    await eventually(() => monitor.getSnapshot().state).toBe("waiting");
    revive(page);
    await stream.first(1);
    expect(server.requests).toHaveLength(2);
    stream.unsubscribe();
    await eventually(() => page.listeners).toBe(0);
  });

  test("though it does not while the page is hidden", async () => {
    await using server = await startScriptedServer((_, response) => response.writeHead(503).end());
    const monitor = createConnectionMonitor();
    using _stream = watch({ url: server.url, monitor });
    await eventually(() => monitor.getSnapshot().state).toBe("waiting");
    const waiting = monitor.getSnapshot();
    page.show(false);
    expect(monitor.getSnapshot()).toBe(waiting);
    page.show(true);
    await eventually(() => server.requests.length).toBe(2);
  });

  test("also between calls that a hook makes until there is an answer", async () => {
    const leaving = new AbortController();
    let calls = 0;
    const loaded = keepLoading(async () => {
      calls += 1;
      if (calls === 1) throw new Error("away");
      return "loaded";
    }, leaving.signal);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    await vi.waitFor(() => expect(page.listeners).toBeGreaterThan(0));
    page.say("focus");
    expect(await loaded).toBe("loaded");
    expect(page.listeners).toBe(0);
  });
});

describe("a pause", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
  });

  async function ending(paused: Promise<void>): Promise<{ hasEnded: boolean }> {
    const state = { hasEnded: false };
    void paused.then(() => (state.hasEnded = true));
    await vi.advanceTimersByTimeAsync(0);
    return state;
  }

  test.each([
    ["online", 3000, 2000],
    ["focus", 3000, 1],
    ["pageshow", 3000, 2999],
  ])("for as long as the server asks is not cut short by `%s`", async (event, leastMs, atMs) => {
    const { signal } = new AbortController();
    const state = await ending(pause({ durationMs: 60_000, leastMs, signal }));
    await vi.advanceTimersByTimeAsync(atMs);
    page.say(event);
    page.say(event);
    await vi.advanceTimersByTimeAsync(leastMs - atMs - 1);
    expect(state.hasEnded).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(state.hasEnded).toBe(true);
    expect(page.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("leaves no listener and no timer, however it ends", async () => {
    const leaving = new AbortController();
    const states = await Promise.all([
      ending(pause({ durationMs: 1000, signal: leaving.signal })),
      ending(pause({ durationMs: 60_000, signal: leaving.signal })),
      ending(pause({ durationMs: 60_000, leastMs: 60_000, signal: leaving.signal })),
    ]);
    await vi.advanceTimersByTimeAsync(1000);
    page.say("online");
    leaving.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(states).toEqual([{ hasEnded: true }, { hasEnded: true }, { hasEnded: true }]);
    expect(page.listeners).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("without a network", () => {
  test("the state says so, attempts count for nothing, and the first one with a network is made at once", async () => {
    page.network(false);
    let isThere = false;
    let asked = 0;
    await using server = await startScriptedServer((_, response) => {
      beginStream(response);
      response.write(eventFrame(1));
    });
    const monitor = createConnectionMonitor();
    const states: string[] = [];
    monitor.subscribe(() => {
      const { state, attempt } = monitor.getSnapshot();
      states.push(`${state} ${attempt}`);
    });
    using stream = watch({
      url: server.url,
      monitor,
      backoff: { baseMs: 1, capMs: 5 },
      fetch: (url, init) => {
        asked += 1;
        return isThere ? fetch(url, init) : Promise.reject(new TypeError("Failed to fetch"));
      },
    });
    await eventually(() => asked).toBeGreaterThanOrEqual(5);
    expect(new Set(states)).toEqual(new Set(["connecting 1", "offline 1"]));
    isThere = true;
    page.network(true);
    await stream.first(1);
    expect(states.at(-1)).toBe("live 0");
  });

  test("a stream that waits says so once the network is gone", async () => {
    await using server = await startScriptedServer((_, response) => response.writeHead(503).end());
    const monitor = createConnectionMonitor();
    using _stream = watch({ url: server.url, monitor });
    await eventually(() => monitor.getSnapshot().state).toBe("waiting");
    page.network(false);
    expect(monitor.getSnapshot()).toMatchObject({
      state: "offline",
      attempt: 1,
      nextRetryAt: expect.any(Date),
    });
    page.network(true);
    await eventually(() => server.requests.length).toBe(2);
  });

  test("the times between attempts start over once it is back", async () => {
    await using server = await startScriptedServer((index, response) => {
      if (index > 3) return beginStream(response);
      return response.writeHead(503).end();
    });
    const monitor = createConnectionMonitor();
    using _stream = watch({ url: server.url, monitor });
    for (let attempt = 1; attempt <= 3; attempt++) {
      await eventually(() => monitor.getSnapshot()).toMatchObject({ state: "waiting", attempt });
      page.say("focus");
    }
    await eventually(() => monitor.getSnapshot()).toMatchObject({ state: "waiting", attempt: 4 });
    page.network(false);
    page.network(true);
    await eventually(() => monitor.getSnapshot().state).toBe("live");
  });

  test("a live stream stays live, and an answer of a server on this machine counts as one", async () => {
    let isBusy = false;
    await using server = await startScriptedServer((_, response) => {
      if (isBusy) return response.writeHead(503).end();
      return beginStream(response);
    });
    const monitor = createConnectionMonitor();
    using _stream = watch({ url: server.url, monitor });
    await eventually(() => monitor.getSnapshot().state).toBe("live");
    page.network(false);
    expect(monitor.getSnapshot().state).toBe("live");
    isBusy = true;
    using _other = watch({ url: server.url, monitor });
    await eventually(() => monitor.getSnapshot()).toMatchObject({ state: "waiting", attempt: 1 });
  });
});

test("a page that is hidden at times: events of another kind change nothing, and no listener is left", async () => {
  await using server = await startScriptedServer((index, response) => {
    beginStream(response);
    response.write(eventFrame(index + 1));
  });
  const monitor = createConnectionMonitor();
  const stream = watch({ url: server.url, monitor, pauseWhenHidden: true });
  await stream.first(1);
  // Seen before and after.
  page.show(true);
  page.say("pageshow");
  page.say("focus");
  expect(monitor.getSnapshot().state).toBe("live");
  page.show(false);
  await eventually(() => monitor.getSnapshot().state).toBe("paused");
  page.say("pageshow");
  page.say("online");
  expect(monitor.getSnapshot().state).toBe("paused");
  page.show(true);
  await stream.first(2);
  stream.unsubscribe();
  await eventually(() => page.listeners).toBe(0);
});
