import { useConnectionStatus, useJob, useJobFeed } from "@jobwire/client/react";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, startRedis, type TestRedis } from "../support/redis-server.js";
import { startTestServer } from "../support/test-server.js";
import { Happening } from "../sse/support/waiting.js";
import { createCountingClient } from "./support/counting-client.js";
import { refuseCalls } from "./support/refuse-calls.js";
import { renderWithClient, waitFor } from "./support/render.js";

let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

/** Two servers on one Redis; the first can be stopped and started again at the same address. */
async function startPair() {
  const environment = { REDIS_URL: redis.url, DRAIN_MS: "0" };
  const port = String(await freePort());
  const restart = () => startTestServer({ ...environment, PORT: port });
  return { first: await restart(), restart, other: await startTestServer(environment) };
}

test("nothing that is watched is no connection", async () => {
  await using server = await startTestServer();
  const { token } = await server.newUser();
  const { client } = createCountingClient({ url: server.url, token });
  const { result } = renderWithClient(client, useConnectionStatus, undefined);
  expect(result.current).toMatchObject({ state: "idle", streams: 0, error: null, recovered: null });
});

test("the first attempt is said, and so is that all has ended", async () => {
  await using server = await startTestServer();
  const { token, client } = await server.newUser();
  const { id: jobId } = await client.jobs.create.mutate({});
  const watching = createCountingClient({ url: server.url, token });
  const states: string[] = [];
  const useState = (skip: boolean) => {
    useJob(jobId, { skip });
    const { state } = useConnectionStatus();
    if (states.at(-1) !== state) states.push(state);
    return state;
  };
  const { result, rerender } = renderWithClient<string, boolean>(watching.client, useState, false);
  await waitFor(() => expect(result.current).toBe("live"));
  rerender(true);
  await waitFor(() => expect(result.current).toBe("idle"));
  expect(states).toEqual(["idle", "connecting", "live", "idle"]);
});

test("a failed stream that is opened again is connecting before the server has answered", async () => {
  await using server = await startTestServer();
  const { token, client } = await server.newUser();
  const { id: jobId } = await client.jobs.create.mutate({});
  let isRefused = true;
  const send = refuseCalls("jobs.get", () => isRefused);
  const retried = new Happening("the stream is asked for again");
  const answering = new Happening("the server may answer");
  const watching = createCountingClient({
    url: server.url,
    token,
    fetch: async (url, init) => {
      if (!isRefused && url.includes("jobs.events")) {
        retried.happen();
        await answering.soon();
      }
      return send(url, init);
    },
  });
  const useBoth = (id: string) => ({ job: useJob(id), status: useConnectionStatus() });
  const { result } = renderWithClient(watching.client, useBoth, jobId);
  await waitFor(() => expect(result.current.status.state).toBe("failed"));
  isRefused = false;
  result.current.status.retry();
  await retried.soon();
  await waitFor(() => expect(result.current.status).toMatchObject({ state: "connecting", error: null }));
  expect(result.current.job.status).toBe("connecting");
  answering.happen();
  await waitFor(() => expect(result.current.status.state).toBe("live"));
});

test("a stream lives through a restart of its server and says how many events it caught up on", async () => {
  const { first, restart, other } = await startPair();
  await using _other = other;
  const { token, client } = await other.newUser();
  const { client: service } = await other.newService();
  const { id: jobId } = await client.jobs.create.mutate({ title: "Through" });
  const watching = createCountingClient({ url: first.url, token });
  const useBoth = (id: string) => ({ ...useJob(id), status: useConnectionStatus(), feed: useJobFeed() });
  const { result } = renderWithClient(watching.client, useBoth, jobId);
  await waitFor(() => expect(result.current.status).toMatchObject({ state: "live", streams: 2 }));
  await waitFor(() => expect(result.current.events).toHaveLength(1));

  await first[Symbol.asyncDispose]();
  await waitFor(() => expect(result.current.status.state).toBe("reconnecting"));
  await waitFor(() => expect(result.current.status.nextRetryAt).toBeInstanceOf(Date));
  for (const percent of [10, 20, 30]) {
    await service.jobs.publish.mutate({ jobId, event: { type: "build.progress", stage: "queued", percent } });
  }
  await using _restarted = await restart();

  await waitFor(() => expect(result.current.status.state).toBe("live"));
  await waitFor(() => expect(result.current.events).toHaveLength(4));
  await waitFor(() =>
    expect(result.current.connection).toMatchObject({ state: "live", recovered: { events: 3, gap: null } }),
  );
  // The feed told the same three.
  await waitFor(() => expect(result.current.status.recovered?.events).toBe(6));
  expect(result.current.job?.progress?.percent).toBe(30);
  expect(new Set(result.current.events.map(({ id }) => id)).size).toBe(4);
});

test("a log that was trimmed meanwhile is a gap, recovered from the snapshot", async () => {
  const environment = { REDIS_URL: redis.url, DRAIN_MS: "0", HISTORY_MAX_EVENTS: "3" };
  const port = String(await freePort());
  const first = await startTestServer({ ...environment, PORT: port });
  await using other = await startTestServer(environment);
  const { token, client } = await other.newUser();
  const { client: service } = await other.newService();
  const { id: jobId } = await client.jobs.create.mutate({ title: "Gappy" });
  const watching = createCountingClient({ url: first.url, token });
  const useBoth = (id: string) => ({ job: useJob(id), feed: useJobFeed() });
  const { result } = renderWithClient(watching.client, useBoth, jobId);
  await waitFor(() => expect(result.current.feed.jobs).toHaveLength(1));
  await waitFor(() => expect(result.current.job.events).toHaveLength(1));

  await first[Symbol.asyncDispose]();
  for (const to of ["starting", "scaffold", "code"] as const) {
    await service.jobs.transition.mutate({ jobId, to });
  }
  await using _restarted = await startTestServer({ ...environment, PORT: port });

  await waitFor(() =>
    expect(result.current.job.connection).toMatchObject({ state: "live", recovered: { gap: "trimmed" } }),
  );
  await waitFor(() =>
    expect(result.current.job.job).toMatchObject({ status: "code", gaps: [{ reason: "trimmed" }] }),
  );
  await waitFor(() => expect(result.current.feed.jobs).toMatchObject([{ jobId, status: "code" }]));
});
