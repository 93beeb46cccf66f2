import "./support/document.js";
import { useJob } from "@jobwire/client/react";
import { jobFeedQueryOptions, jobQueryOptions } from "@jobwire/client/tanstack-query";
import { dehydrate, hydrate, QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { createElement, type ReactNode } from "react";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../support/redis-server.js";
import { startTestServer } from "../support/test-server.js";
import { newJob } from "./support/new-job.js";
import { renderHook, renderWithClient, waitFor } from "./support/render.js";

function renderWithQueries<Result, Props>(
  queries: QueryClient,
  hook: (props: Props) => Result,
  initialProps: Props,
) {
  const wrapper = ({ children }: { readonly children: ReactNode }) =>
    createElement(QueryClientProvider, { client: queries }, children);
  const rendered = renderHook(hook, { wrapper, initialProps });
  onTestFinished(() => {
    rendered.unmount();
    queries.clear();
  });
  return rendered;
}

test("the stream of a job writes to the cache until the job ends, and nothing is fetched again", async () => {
  const { client, jobId, service, watching } = await newJob();
  const queries = new QueryClient();
  const { result } = renderWithQueries(queries, useQuery, jobQueryOptions(watching.client, jobId) as never);
  expect(result.current.status).toBe("pending");
  await waitFor(() => expect(result.current).toMatchObject({ status: "success", fetchStatus: "idle" }));
  await service.jobs.publish.mutate({
    jobId,
    event: { type: "build.progress", stage: "queued", percent: 40 },
  });
  const { queryKey } = jobQueryOptions(watching.client, jobId);
  await waitFor(() => expect(queries.getQueryData(queryKey)?.progress?.percent).toBe(40));
  expect(queries.getQueryState(queryKey)).toMatchObject({ fetchStatus: "idle", isInvalidated: false });
  await client.jobs.cancel.mutate({ jobId });
  await waitFor(() => expect(result.current.data).toMatchObject({ status: "failed" }));
  expect(watching.opened).toEqual(["jobs.events"]);
});

test("a component that selects one number renders once for each", async () => {
  const { jobId, service, watching } = await newJob();
  const seen: unknown[] = [];
  const usePercent = (id: string) => {
    const { data } = useQuery({
      ...jobQueryOptions(watching.client, id),
      select: ({ progress }) => progress?.percent ?? null,
    });
    seen.push(data);
    return data;
  };
  renderWithQueries(new QueryClient(), usePercent, jobId);
  const whole = renderWithClient(watching.client, useJob, jobId);
  await waitFor(() => expect(seen.at(-1)).toBeNull());
  for (const message of ["one", "two", "three"]) {
    const before = whole.result.current.events.length;
    const event = { type: "build.progress", stage: "queued", percent: 10, message } as const;
    await service.jobs.publish.mutate({ jobId, event });
    await waitFor(() => expect(whole.result.current.events).toHaveLength(before + 1));
  }
  await waitFor(() => expect(seen.at(-1)).toBe(10));
  // StrictMode renders each twice. The hook beside it shares the stream.
  expect(seen).toEqual([undefined, undefined, null, null, 10, 10]);
  expect(watching.opened).toEqual(["jobs.events"]);
});

test("the feed writes new jobs and what becomes of the others", async () => {
  const { client, jobId, service, watching } = await newJob();
  const options = jobFeedQueryOptions(watching.client);
  const { result } = renderWithQueries(new QueryClient(), () => useQuery(options), undefined);
  await waitFor(() => expect(result.current.data).toHaveLength(1));
  await client.jobs.create.mutate({ title: "Next" });
  await waitFor(() => expect(result.current.data?.map(({ job }) => job?.title)).toEqual(["Next", "Shop"]));
  await service.jobs.transition.mutate({ jobId, to: "starting" });
  await waitFor(() => expect(result.current.data?.[1]?.status).toBe("starting"));
  expect(watching.opened).toEqual(["jobs.feed"]);
});

test("when the last component has gone the stream ends, and one that comes later goes on from the cache", async () => {
  const { jobId, service, watching } = await newJob();
  const queries = new QueryClient();
  const options = jobQueryOptions(watching.client, jobId);
  const first = renderWithQueries(queries, () => useQuery(options), undefined);
  await waitFor(() => expect(first.result.current.data?.status).toBe("queued"));
  first.unmount();
  await waitFor(() => expect(watching.open).toEqual([]));
  await service.jobs.transition.mutate({ jobId, to: "starting" });
  const second = renderWithQueries(queries, () => useQuery(options), undefined);
  expect(second.result.current.data?.status).toBe("queued");
  await waitFor(() => expect(second.result.current.data?.status).toBe("starting"));
  expect(watching.opened).toHaveLength(2);
});

test("an invalidated query goes on with the stream it has, a removed one ends it", async () => {
  const { jobId, service, watching } = await newJob();
  const queries = new QueryClient();
  const options = jobQueryOptions(watching.client, jobId);
  const { result, unmount } = renderWithQueries(queries, () => useQuery(options), undefined);
  await waitFor(() => expect(result.current.data?.status).toBe("queued"));
  await queries.invalidateQueries({ queryKey: ["jobwire"] });
  await service.jobs.transition.mutate({ jobId, to: "starting" });
  await waitFor(() => expect(result.current.data?.status).toBe("starting"));
  expect(watching.opened).toHaveLength(1);
  unmount();
  queries.removeQueries({ queryKey: options.queryKey });
  await waitFor(() => expect(watching.open).toEqual([]));
});

test("a job that is not there is the error of its query, and asked for once", async () => {
  const { watching } = await newJob();
  const { result } = renderWithQueries(
    new QueryClient(),
    () => useQuery(jobQueryOptions(watching.client, "none")),
    undefined,
  );
  await waitFor(() => expect(result.current.status).toBe("error"));
  expect(result.current.error?.data?.reason).toBe("JOB_NOT_FOUND");
  expect(watching.opened).toHaveLength(1);
});

test("a stream that fails later becomes the error of its query, which keeps its data", async () => {
  const environment = { PORT: String(await freePort()), DRAIN_MS: "0" };
  const first = await startTestServer(environment);
  const { jobId, watching } = await newJob("Shop", first);
  const options = jobQueryOptions(watching.client, jobId);
  const { result } = renderWithQueries(new QueryClient(), () => useQuery(options), undefined);
  await waitFor(() => expect(result.current.data?.status).toBe("queued"));
  await first[Symbol.asyncDispose]();
  // It knows no job of before.
  await using _second = await startTestServer(environment);
  await waitFor(() => expect(result.current.status).toBe("error"));
  expect(result.current.error?.data?.reason).toBe("JOB_NOT_FOUND");
  expect(result.current.data?.job?.title).toBe("Shop");
});

test("a server loads and opens no stream, and the browser takes its cache over", async () => {
  const { jobId, client, service, watching } = await newJob();
  const [onServer, queries] = [new QueryClient(), new QueryClient()];
  const options = jobQueryOptions(watching.client, jobId);
  await withoutWindow(() => onServer.query(options));
  expect(watching.opened).toEqual([]);
  hydrate(queries, dehydrate(onServer));
  await service.jobs.transition.mutate({ jobId, to: "starting" });
  const { result } = renderWithQueries(queries, () => useQuery(options), undefined);
  expect(result.current.data?.status).toBe("queued");
  await waitFor(() => expect(result.current.data?.status).toBe("starting"));
  await client.jobs.cancel.mutate({ jobId });
  await waitFor(() => expect(result.current.data?.status).toBe("failed"));

  // Of a finished job nothing more is asked.
  const [later, opened] = [new QueryClient(), watching.opened.length];
  await withoutWindow(() => onServer.query({ ...options, staleTime: 0 }));
  hydrate(later, dehydrate(onServer));
  const finished = renderWithQueries(later, () => useQuery(options), undefined);
  expect(finished.result.current.data?.status).toBe("failed");
  expect(watching.opened).toHaveLength(opened);
});

/** As where pages are rendered. */
async function withoutWindow(work: () => Promise<unknown>): Promise<void> {
  const { window } = globalThis as { window?: unknown };
  Reflect.deleteProperty(globalThis, "window");
  try {
    await work();
  } finally {
    Object.assign(globalThis, { window });
  }
}
