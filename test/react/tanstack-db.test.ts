import "./support/document.js";
import { jobsCollectionOptions } from "@jobwire/client/tanstack-db";
import { createCollection, eq, useLiveQuery } from "@tanstack/react-db";
import { expect, onTestFinished, test } from "vitest";
import { createCountingClient } from "./support/counting-client.js";
import { newJob } from "./support/new-job.js";
import { renderHook, waitFor } from "./support/render.js";

test("a live query over the feed follows creation, change and removal over one stream", async () => {
  const { client, jobId, service, watching } = await newJob();
  const jobs = createCollection(jobsCollectionOptions(watching.client));
  const { result, unmount } = renderHook(() => ({
    all: useLiveQuery((query) => query.from({ job: jobs }).orderBy(({ job }) => job.jobId, "desc")),
    failed: useLiveQuery((query) => query.from({ job: jobs }).where(({ job }) => eq(job.status, "failed"))),
  }));
  onTestFinished(unmount);
  const titles = () => result.current.all.data.map(({ job }) => job?.title);
  await waitFor(() => expect(titles()).toEqual(["Shop"]));
  await client.jobs.create.mutate({ title: "Next" });
  await waitFor(() => expect(titles()).toEqual(["Next", "Shop"]));
  expect(result.current.failed.data).toEqual([]);
  await service.jobs.transition.mutate({ jobId, to: "failed", message: "no disk" });
  await waitFor(() => expect(result.current.failed.data).toMatchObject([{ jobId, message: "no disk" }]));
  await client.jobs.remove.mutate({ jobId });
  await waitFor(() => expect(titles()).toEqual(["Next"]));
  expect(result.current.failed.data).toEqual([]);
  expect(watching.opened).toEqual(["jobs.feed"]);
});

test("nothing is written but by the feed", async () => {
  const { jobId, watching } = await newJob();
  const jobs = createCollection(jobsCollectionOptions(watching.client));
  onTestFinished(() => jobs.cleanup());
  await jobs.preload();
  expect(() => jobs.delete(jobId)).toThrow("onDelete");
  expect(jobs.has(jobId)).toBe(true);
});

test("a cleaned up collection holds no stream, and begins anew with what there is then", async () => {
  const { client, watching } = await newJob();
  const jobs = createCollection(jobsCollectionOptions(watching.client));
  await jobs.preload();
  expect(jobs.size).toBe(1);
  await jobs.cleanup();
  await waitFor(() => expect(watching.open).toEqual([]));
  await client.jobs.create.mutate({ title: "Next" });
  onTestFinished(() => jobs.cleanup());
  await jobs.preload();
  expect(jobs.toArray.map(({ job }) => job?.title)).toEqual(["Next", "Shop"]);
});

test("older jobs come when they are asked for", async () => {
  const { client, watching } = await newJob("oldest");
  for (let count = 0; count < 104; count++) await client.jobs.create.mutate({ title: `job ${count}` });
  const jobs = createCollection(jobsCollectionOptions(watching.client));
  onTestFinished(() => jobs.cleanup());
  await jobs.preload();
  expect(jobs.size).toBe(100);
  expect(jobs.utils.loadMore()).toBe(true);
  await waitFor(() => expect(jobs.size).toBe(105));
  expect(jobs.utils.loadMore()).toBe(false);
});

test("a feed that is refused is the error of the collection", async () => {
  const { server } = await newJob();
  const { client } = createCountingClient({ url: server.url, token: "none" });
  const jobs = createCollection(jobsCollectionOptions(client));
  await expect(jobs.preload()).rejects.toMatchObject({ data: { code: "UNAUTHORIZED" } });
  expect(jobs.status).toBe("error");
});
