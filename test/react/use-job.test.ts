import { useJob } from "@jobwire/client/react";
import { use } from "react";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.js";
import { createCountingClient } from "./support/counting-client.js";
import { watchErrorLog } from "./support/error-log.js";
import { refuseCalls } from "./support/refuse-calls.js";
import { renderHook, renderWithClient, waitFor } from "./support/render.js";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** A user with a job, and what drives it. */
async function newJob(title: string) {
  const { token, client } = await server.newUser();
  const { client: service } = await server.newService();
  const { id: jobId } = await client.jobs.create.mutate({ title });
  const watching = createCountingClient({ url: server.url, token });
  return { jobId, token, client, service, watching };
}

test("a job is there with its log, and follows what happens until it ends", async () => {
  const { jobId, service, watching } = await newJob("Shop");
  const { result } = renderWithClient(watching.client, useJob, jobId);
  expect(result.current).toMatchObject({ job: null, events: [], connection: { state: "connecting" } });

  await waitFor(() => expect(result.current.job?.job?.title).toBe("Shop"));
  await waitFor(() => expect(result.current.connection).toEqual({ state: "live", recovered: null }));
  await service.jobs.publish.mutate({
    jobId,
    event: { type: "build.progress", stage: "queued", percent: 40 },
  });
  await waitFor(() => expect(result.current.job?.progress?.percent).toBe(40));
  await service.jobs.transition.mutate({ jobId, to: "failed", message: "no disk" });

  await waitFor(() => expect(result.current.connection.state).toBe("ended"));
  expect(result.current.job).toMatchObject({ status: "failed", message: "no disk" });
  expect(result.current.events.map(({ data }) => data.type)).toEqual([
    "build.stage.started",
    "build.progress",
    "build.stage.completed",
    "build.stage.started",
  ]);
});

test("a job's stages are whole although most of its log is trimmed", async () => {
  await using small = await startTestServer({ HISTORY_MAX_EVENTS: "10" });
  const [{ token, client }, { client: service }] = [await small.newUser(), await small.newService()];
  const { id: jobId } = await client.jobs.create.mutate({ title: "Long" });
  for (const to of ["starting", "scaffold", "code", "deps", "checks"] as const) {
    await service.jobs.transition.mutate({ jobId, to });
    for (let round = 0; round < 3; round++) {
      const events = Array.from({ length: 100 }, (_, percent) => ({
        type: "build.progress" as const,
        stage: to,
        percent,
      }));
      await service.jobs.publish.mutate({ jobId, events });
    }
  }
  const watching = createCountingClient({ url: small.url, token });
  const { result } = renderWithClient(watching.client, useJob, jobId);
  await waitFor(() => expect(result.current.job?.status).toBe("checks"));
  const stages = () => result.current.job?.stages.map(({ stage, outcome }) => `${stage} ${outcome}`);
  const before = ["queued", "starting", "scaffold", "code", "deps"].map((stage) => `${stage} completed`);
  await waitFor(() => expect(stages()).toEqual([...before, "checks null"]));
  await service.jobs.transition.mutate({ jobId, to: "failed" });
  await waitFor(() => expect(result.current.connection.state).toBe("ended"));
  expect(stages()).toEqual([...before, "checks failed", "failed null"]);
});

test("mounting twice, as StrictMode does, opens one stream, and nothing is open after the end", async () => {
  using errors = watchErrorLog();
  const { jobId, watching } = await newJob("Once");
  const { result, unmount } = renderWithClient(watching.client, useJob, jobId);
  await waitFor(() => expect(result.current.connection.state).toBe("live"));
  expect(watching.opened).toEqual(["jobs.events"]);
  expect(watching.open).toEqual(["jobs.events"]);

  unmount();
  await waitFor(() => expect(watching.open).toEqual([]));
  expect(watching.opened).toHaveLength(1);
  expect(errors.messages).toEqual([]);
});

test("a component that goes while it connects leaves nothing open and is not updated any more", async () => {
  using errors = watchErrorLog();
  const { jobId, watching, service } = await newJob("Gone");
  const { result, unmount } = renderWithClient(watching.client, useJob, jobId);
  unmount();
  const last = result.current;
  await waitFor(() => expect(watching.opened).toHaveLength(1));
  await service.jobs.transition.mutate({ jobId, to: "failed" });
  await waitFor(() => expect(watching.open).toEqual([]));
  expect(result.current).toBe(last);
  expect(errors.messages).toEqual([]);
});

test("one that comes right back goes on with the same stream and the same state", async () => {
  const { jobId, watching } = await newJob("Back");
  const { result, rerender } = renderWithClient(watching.client, useJob, jobId);
  await waitFor(() => expect(result.current.events).toHaveLength(1));
  const other = await newJob("Other");
  rerender(other.jobId);
  rerender(jobId);
  expect(result.current.events).toHaveLength(1);
  await waitFor(() => expect(watching.opened).toHaveLength(2));
});

test("a render that is abandoned because it suspends opens nothing", async () => {
  // React would rather have the end of the suspension awaited, which never comes.
  using _errors = watchErrorLog();
  const { jobId, watching } = await newJob("Suspended");
  const other = await newJob("Seen");
  const never = new Promise<string>(() => {});
  const useSuspended = (id: string) => {
    const watched = useJob(id);
    return { watched, text: use(never) };
  };
  const { result } = renderWithClient(watching.client, useSuspended, jobId);
  const seen = renderWithClient(other.watching.client, useJob, other.jobId);
  await waitFor(() => expect(seen.result.current.connection.state).toBe("live"));
  expect(result.current).toBeNull();
  expect(watching.opened).toEqual([]);
});

test("another job id shows nothing of the job before", async () => {
  const { jobId, client, watching } = await newJob("First");
  const second = await client.jobs.create.mutate({ title: "Second" });
  const seen: (string | null | undefined)[] = [];
  const useNoted = (id: string) => {
    const watched = useJob(id);
    if (id === second.id) seen.push(watched.job?.job?.title);
    return watched;
  };
  const { result, rerender } = renderWithClient(watching.client, useNoted, jobId);
  await waitFor(() => expect(result.current.job?.job?.title).toBe("First"));

  rerender(second.id);
  expect(result.current).toMatchObject({ job: null, events: [] });
  await waitFor(() => expect(result.current.job?.job?.title).toBe("Second"));
  expect(new Set(seen)).toEqual(new Set([undefined, "Second"]));
  await waitFor(() => expect(watching.open).toEqual(["jobs.events"]));
});

test("components that watch one job share one stream and read the same state", async () => {
  const { jobId, watching } = await newJob("Shared");
  const useTwice = (id: string) => ({ one: useJob(id), other: useJob(id) });
  const { result } = renderWithClient(watching.client, useTwice, jobId);
  await waitFor(() => expect(result.current.one.connection.state).toBe("live"));
  await waitFor(() => expect(result.current.one.job?.job?.title).toBe("Shared"));
  expect(result.current.other.job).toBe(result.current.one.job);
  expect(watching.opened).toHaveLength(1);
});

test("a render without news gives the same object", async () => {
  const { jobId, watching } = await newJob("Stable");
  const { result, rerender } = renderWithClient(watching.client, useJob, jobId);
  await waitFor(() => expect(result.current.job?.job?.title).toBe("Stable"));
  await waitFor(() => expect(result.current.connection.state).toBe("live"));
  const before = result.current;
  rerender(jobId);
  expect(result.current).toBe(before);
});

test("a job of somebody else fails with NOT_FOUND and is not asked for again", async () => {
  const { jobId } = await newJob("Mine");
  const stranger = await newJob("Theirs");
  const { result } = renderWithClient(stranger.watching.client, useJob, jobId);
  await waitFor(() => expect(result.current.connection.state).toBe("failed"));
  const { connection } = result.current;
  expect(connection.state === "failed" && connection.error.data?.reason).toBe("JOB_NOT_FOUND");
  expect(result.current.job).toBeNull();
  expect(stranger.watching.opened).toHaveLength(1);
});

test("a job that cannot be loaded has failed for good: its stream is left", async () => {
  const { jobId, token, service } = await newJob("Refused");
  const watching = createCountingClient({ url: server.url, token, fetch: refuseCalls("jobs.get") });
  const { result } = renderWithClient(watching.client, useJob, jobId);
  await waitFor(() => expect(result.current.status).toBe("failed"));
  await waitFor(() => expect(watching.open).toEqual([]));
  await service.jobs.transition.mutate({ jobId, to: "failed" });
  expect(result.current).toMatchObject({ status: "failed", error: { data: { code: "BAD_REQUEST" } } });
  expect(watching.opened).toEqual(["jobs.events"]);
});

test("without a provider above it the error says what is missing", () => {
  using _errors = watchErrorLog();
  expect(() => renderHook(() => useJob("x"))).toThrow("<JobwireProvider client={...}>");
});
