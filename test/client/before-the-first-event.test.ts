import { randomUUID } from "node:crypto";
import { createJobwireClient, sseLink, watch, type JobwireClientOptions } from "@jobwire/client";
import { collect, startTopicServer } from "@jobwire/client/testing";
import { memoryStore } from "@jobwire/server/topics";
import { createTRPCClient } from "@trpc/client";
import { initTRPC } from "@trpc/server";
import { EventSource } from "eventsource";
import superjson from "superjson";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { startTcpProxy, type TcpProxy } from "../sse/support/tcp-proxy.js";
import { startTestServer, type TestServer } from "../support/test-server.js";
import { openShop } from "../topics/order.js";
import { ourLink, stockLink } from "./scenarios/link-under-test.js";
import { FakePage } from "./support/fake-page.js";
import { FakeLocks } from "./tabs/fake-locks.js";

/** Nobody listens there. */
const nowhere = 1;

describe("a stream that begins at the newest has, from where it was live, what happens without a connection", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** Breaks all connections, and lets something happen before any is made again. */
  async function breakDuring(proxy: TcpProxy, port: number, happen: () => Promise<unknown>): Promise<void> {
    proxy.switchTo(nowhere);
    proxy.breakAll();
    await happen();
    proxy.switchTo(port);
  }

  const portOf = (url: string) => Number(new URL(url).port);

  test.each([ourLink, stockLink])("over $name", async (link) => {
    await using proxy = await startTcpProxy(portOf(server.url));
    const { token, client } = await server.newUser();
    const { jobs } = link.client(proxy.url, () => token);
    const stream = watch(jobs.feed, { replay: "none" });
    using events = collect(stream);
    await untilState("live", stream);
    await breakDuring(proxy, portOf(server.url), () => client.jobs.create.mutate({}));
    await events.until(({ type }) => type === "build.stage.started");
    expect(events.ids).toEqual([expect.stringMatching(/:1$/)]);
  });

  test("over plain SSE, which says so with a heartbeat", async () => {
    await using proxy = await startTcpProxy(portOf(server.url));
    const { token, client } = await server.newUser();
    const source = new EventSource(`${proxy.url}/api/jobs/stream?replay=none`, {
      fetch: (url, init) =>
        fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
    });
    onTestFinished(() => source.close());
    const ids: string[] = [];
    source.addEventListener("message", ({ lastEventId }) => ids.push(lastEventId));
    await new Promise((resolve) => source.addEventListener("heartbeat", resolve, { once: true }));
    await breakDuring(proxy, portOf(server.url), () => client.jobs.create.mutate({}));
    await vi.waitFor(() => expect(ids).toEqual([expect.stringMatching(/:1$/)]), 10_000);
  });

  test("over several topics, of which one begins at the oldest", async () => {
    await using shop = await openShop(memoryStore());
    const trpc = initTRPC.create({ transformer: superjson });
    const router = trpc.router({
      events: trpc.procedure
        .input(z.object({ orderId: z.string(), lastEventId: z.string().optional() }))
        .subscription(({ input: { orderId, lastEventId } }) =>
          shop.jobwire.merge(
            [
              shop.notices.stream({ board: orderId, floor: 1, replay: "all" }),
              shop.notices.stream({ board: orderId, floor: 2, replay: "none" }),
            ],
            { lastEventId },
          ),
        ),
    });
    await using topics = await startTopicServer({ router });
    await using proxy = await startTcpProxy(portOf(topics.url));
    const client = createTRPCClient<typeof router>({
      links: [sseLink({ url: proxy.url, transformer: superjson, backoff: { baseMs: 10, capMs: 10 } })],
    });
    const board = randomUUID();
    const stream = watch(client.events, { orderId: board });
    using events = collect(stream);
    await untilState("live", stream);
    await breakDuring(proxy, portOf(topics.url), async () => {
      for (const floor of [1, 2])
        await shop.notices.publish({ board, floor }, { type: "notice.posted", text: "" });
    });
    await events.first(2);
    expect(new Set(events.events.map((event) => "floor" in event && event.floor))).toEqual(new Set([1, 2]));
  });

  /** A tab's stream, live. */
  async function openTab(options: Partial<JobwireClientOptions>) {
    const client = createJobwireClient({ url: server.url, ...options });
    onTestFinished(() => client.close());
    const stream = client.jobs.feed({ replay: "none" });
    const events = collect(stream);
    await untilState("live", stream);
    return { client, stream, events };
  }

  test.each([undefined, "alice"])(
    "because its page is hidden, whoever reads it: shared as %s",
    async (shareAs) => {
      const page = FakePage.open();
      vi.stubGlobal("navigator", { onLine: true, locks: new FakeLocks() });
      const { token, client } = await server.newUser();
      const options = { token, pauseWhenHidden: true, ...(shareAs !== undefined && { shareAs }) };
      const tabs = [await openTab(options), await openTab(options)];
      page.show(false);
      for (const { stream } of tabs) await untilState("paused", stream);
      await client.jobs.create.mutate({});
      page.show(true);
      for (const { events } of tabs) expect(await events.first(1)).toMatchObject([{ stage: "queued" }]);
    },
  );

  test("because the tab that leads is gone", async () => {
    vi.stubGlobal("navigator", { locks: new FakeLocks() });
    onTestFinished(() => void vi.unstubAllGlobals());
    await using proxy = await startTcpProxy(portOf(server.url));
    const { token, client } = await server.newUser();
    const options = { url: proxy.url, token, shareAs: "alice", backoff: { baseMs: 10, capMs: 10 } };
    const leader = await openTab(options);
    const follower = await openTab(options);
    proxy.switchTo(nowhere);
    leader.client.close();
    await untilState("waiting", follower.stream);
    await client.jobs.create.mutate({});
    proxy.switchTo(portOf(server.url));
    expect(await follower.events.first(1)).toMatchObject([{ stage: "queued" }]);
  });
});

interface Connected {
  readonly connection: { readonly getSnapshot: () => { readonly state: string } };
}

async function untilState(state: string, { connection }: Connected): Promise<void> {
  await vi.waitFor(() => expect(connection.getSnapshot().state).toBe(state), 10_000);
}
