import { useJobFeed } from "@jobwire/client/react";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.js";
import { createCountingClient } from "./support/counting-client.js";
import { refuseCalls } from "./support/refuse-calls.js";
import { renderWithClient, waitFor } from "./support/render.js";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

async function newUser() {
  const { token, client } = await server.newUser();
  const { client: service } = await server.newService();
  return { client, service, watching: createCountingClient({ url: server.url, token }) };
}

function titlesOf({ jobs }: ReturnType<typeof useJobFeed>) {
  return jobs?.map(({ job }) => job?.title);
}

test("every job of the user is there over one stream, newest first", async () => {
  const { client, watching } = await newUser();
  const stranger = await newUser();
  await stranger.client.jobs.create.mutate({ title: "Not mine" });
  for (const title of ["one", "two", "three"]) await client.jobs.create.mutate({ title });
  const { result } = renderWithClient(watching.client, useJobFeed, undefined);
  expect(result.current).toMatchObject({ jobs: null, loadMore: null });
  await waitFor(() => expect(titlesOf(result.current)).toEqual(["three", "two", "one"]));
  expect(watching.opened).toEqual(["jobs.feed"]);
});

test("somebody without jobs has none, which is something else than not knowing", async () => {
  const { watching } = await newUser();
  const { result } = renderWithClient(watching.client, useJobFeed, undefined);
  await waitFor(() => expect(result.current.jobs).toEqual([]));
});

test("a job created elsewhere appears with its title and follows its stages and progress", async () => {
  const { client, service, watching } = await newUser();
  const { result } = renderWithClient(watching.client, useJobFeed, undefined);
  await waitFor(() => expect(result.current.jobs).toEqual([]));

  const { id: jobId } = await client.jobs.create.mutate({ title: "Elsewhere" });
  await service.jobs.transition.mutate({ jobId, to: "starting" });
  await service.jobs.publish.mutate({
    jobId,
    event: { type: "build.progress", stage: "starting", percent: 70, message: "nearly" },
  });
  await waitFor(() =>
    expect(result.current.jobs).toMatchObject([
      {
        jobId,
        job: { title: "Elsewhere" },
        status: "starting",
        progress: { percent: 70, message: "nearly" },
      },
    ]),
  );
});

test("a job that was removed leaves the list", async () => {
  const { client, watching } = await newUser();
  const { id: jobId } = await client.jobs.create.mutate({ title: "Gone" });
  await client.jobs.create.mutate({ title: "Stays" });
  const { result } = renderWithClient(watching.client, useJobFeed, undefined);
  await waitFor(() => expect(titlesOf(result.current)).toEqual(["Stays", "Gone"]));
  await client.jobs.cancel.mutate({ jobId });
  await client.jobs.remove.mutate({ jobId });
  await waitFor(() => expect(titlesOf(result.current)).toEqual(["Stays"]));
});

test("jobs that cannot be loaded have failed for good: their stream is left", async () => {
  const { token, client } = await server.newUser();
  const watching = createCountingClient({ url: server.url, token, fetch: refuseCalls("jobs.list") });
  const { result } = renderWithClient(watching.client, useJobFeed, undefined);
  await waitFor(() => expect(result.current.status).toBe("failed"));
  await waitFor(() => expect(watching.open).toEqual([]));
  await client.jobs.create.mutate({});
  expect(result.current).toMatchObject({ status: "failed", error: { data: { code: "BAD_REQUEST" } } });
  expect(watching.opened).toEqual(["jobs.feed"]);
});

test("a hundred jobs are loaded at first, and the older ones when they are asked for", async () => {
  const { client, service, watching } = await newUser();
  const { id: oldest } = await client.jobs.create.mutate({ title: "oldest" });
  for (let count = 0; count < 104; count++) await client.jobs.create.mutate({ title: `job ${count}` });
  const { result } = renderWithClient(watching.client, useJobFeed, undefined);
  await waitFor(() => expect(result.current.jobs).toHaveLength(100));

  await service.jobs.transition.mutate({ jobId: oldest, to: "failed" });
  result.current.loadMore?.();
  await waitFor(() => expect(result.current.jobs).toHaveLength(105));
  expect(result.current.jobs?.at(-1)).toMatchObject({ jobId: oldest, status: "failed" });
  expect(result.current.loadMore).toBeNull();
});

test("150 jobs that appear at once are all there, each in the state it is in", async () => {
  const { client, service, watching } = await newUser();
  const { result } = renderWithClient(watching.client, useJobFeed, undefined);
  await waitFor(() => expect(result.current.jobs).toEqual([]));
  const created = await Promise.all(
    Array.from({ length: 150 }, (_, index) => client.jobs.create.mutate({ title: `${index}` })),
  );
  await Promise.all(created.map(({ id }) => service.jobs.transition.mutate({ jobId: id, to: "starting" })));
  await waitFor(() => expect(result.current.jobs).toHaveLength(150));
  await waitFor(() => expect(result.current.jobs?.every(({ status }) => status === "starting")).toBe(true));
  expect(new Set(titlesOf(result.current)).size).toBe(150);
});

test("of the jobs with a status those come that enter it and those go that leave it, however many others there are", async () => {
  const { client, service, watching } = await newUser();
  const create = async (title: string) => (await client.jobs.create.mutate({ title })).id;
  const old = await create("old");
  for (let count = 0; count < 101; count++) await create(`job ${count}`);
  const move = (jobId: string, to: "starting" | "failed") =>
    service.jobs.transition.mutate({ jobId, to }).then(() => {});
  const { result } = renderWithClient(
    watching.client,
    () => ({
      failed: useJobFeed({ filter: { status: ["failed"] } }),
      running: useJobFeed({ filter: { status: ["starting"] } }),
    }),
    undefined,
  );
  await waitFor(() => expect(result.current.failed.jobs).toEqual([]));
  await waitFor(() => expect(result.current.running.jobs).toEqual([]));
  await move(old, "starting");
  await waitFor(() => expect(titlesOf(result.current.running)).toEqual(["old"]));
  const before = result.current.failed.changes;
  await move(old, "failed");
  await waitFor(() => expect(titlesOf(result.current.failed)).toEqual(["old"]));
  await waitFor(() => expect(result.current.running.jobs).toEqual([]));
  expect(result.current.failed.changes).toBeGreaterThan(before);
  await client.jobs.remove.mutate({ jobId: old });
  await waitFor(() => expect(result.current.failed.jobs).toEqual([]));
});

test("jobs of another pipeline are asked about once, and their events change nothing", async () => {
  const { client, service, watching } = await newUser();
  const { result } = renderWithClient(
    watching.client,
    () => useJobFeed({ filter: { pipeline: "web" } }),
    undefined,
  );
  await waitFor(() => expect(result.current.jobs).toEqual([]));
  const { id: other } = await client.jobs.create.mutate({ title: "other", pipeline: "api" });
  await client.jobs.create.mutate({ title: "wanted", pipeline: "web" });
  await waitFor(() => expect(titlesOf(result.current)).toEqual(["wanted"]));
  await service.work.claim.mutate({ jobId: other, workerId: "w" });
  await client.jobs.create.mutate({ title: "wanted too", pipeline: "web" });
  await waitFor(() => expect(titlesOf(result.current)).toEqual(["wanted too", "wanted"]));
});
