import "./support/document.js";
import {
  JobwireProvider,
  PreloadedJobs,
  useConnectionStatus,
  useJob,
  useJobFeed,
  useSuspenseJob,
} from "@jobwire/client/react";
import type { Job } from "@jobwire/shared";
import { createElement, Suspense } from "react";
import { renderToString } from "react-dom/server";
import { prerender } from "react-dom/static";
import { expect, test } from "vitest";
import { newJob } from "./support/new-job.js";
import { hydrate, withClient } from "./support/page.js";
import { renderWithClient, waitFor } from "./support/render.js";

function JobStatus({ jobId, initialJob }: { readonly jobId: string; readonly initialJob?: Job }) {
  const { job, status } = useJob(jobId, { initialJob });
  return `${job?.job?.title} ${job?.stageLabel} ${status}`;
}

test("a page that the server rendered with a job is taken over as it is, and goes on live", async () => {
  const { job, jobId, service, watching } = await newJob();
  const element = createElement(JobStatus, { jobId, initialJob: job });
  const onServer = createElement(JobwireProvider, { url: "http://127.0.0.1:1" }, element);
  const html = renderToString(onServer);
  expect(html).toBe("Shop Queued... connecting");
  expect(watching.opened).toEqual([]);
  const page = hydrate(html, withClient(watching.client, element));
  await waitFor(() => expect(page.text()).toBe("Shop Queued... live"));
  await service.jobs.transition.mutate({ jobId, to: "starting" });
  await waitFor(() => expect(page.text()).toBe("Shop Starting... live"));
  expect(page.problems()).toEqual([]);
});

test("a part that is taken over late begins as the server rendered it, although its stream is further", async () => {
  const { job, jobId, service, watching } = await newJob();
  const early = renderWithClient(watching.client, (id: string) => useJob(id).job?.status, jobId);
  await service.jobs.transition.mutate({ jobId, to: "starting" });
  await waitFor(() => expect(early.result.current).toBe("starting"));
  const Connection = () => ` ${useConnectionStatus().state}`;
  const parts = [createElement(JobStatus, { jobId, initialJob: job }), createElement(Connection)];
  const html = renderToString(withClient(watching.client, ...parts));
  expect(html).toContain("Queued");
  const page = hydrate(html, withClient(watching.client, ...parts));
  await waitFor(() => expect(page.text()).toBe("Shop Starting... live live"));
  expect(page.problems()).toEqual([]);
});

test("what was preloaded once is there for all hooks below", async () => {
  const { client, job, jobId, watching } = await newJob();
  const page = await client.jobs.list.query({});
  const Titles = () =>
    useJobFeed()
      .jobs?.map((view) => view.job?.title)
      .join(", ");
  const parts = [createElement(JobStatus, { jobId }), " ", createElement(Titles)];
  const element = withClient(watching.client, createElement(PreloadedJobs, { jobs: [job], page }, ...parts));
  const html = renderToString(element);
  const taken = hydrate(html, element);
  expect(taken.text()).toBe("Shop Queued... connecting Shop");
  await client.jobs.create.mutate({ title: "Next" });
  await waitFor(() => expect(taken.text()).toBe("Shop Queued... live Next, Shop"));
  expect(taken.problems()).toEqual([]);
});

function SuspendedStatus({
  jobId,
  initialJob,
}: {
  readonly jobId: string;
  readonly initialJob?: Promise<Job>;
}) {
  const { job } = useSuspenseJob(jobId, { initialJob });
  return `${job.job?.title} ${job.stageLabel}`;
}

test("a server waits for a promise of the job where it suspends, and the browser takes it over", async () => {
  const { client, jobId, service, watching } = await newJob();
  const initialJob = client.jobs.get.query({ jobId });
  const page = withClient(
    watching.client,
    createElement(Suspense, { fallback: "waiting" }, createElement(SuspendedStatus, { jobId, initialJob })),
  );
  const html = await htmlOf(page);
  expect(html).toContain("Shop Queued...");
  const taken = hydrate(html, page);
  await service.jobs.transition.mutate({ jobId, to: "starting" });
  await waitFor(() => expect(taken.text()).toBe("Shop Starting..."));
  expect(taken.problems()).toEqual([]);
});

test("without something to begin with a server renders the fallback, and the browser the job", async () => {
  const { jobId, watching } = await newJob();
  const page = withClient(
    watching.client,
    createElement(Suspense, { fallback: "waiting" }, createElement(SuspendedStatus, { jobId })),
  );
  const refusals: string[] = [];
  const html = await htmlOf(page, (error) => void refusals.push(String(error)));
  expect(html).toContain("waiting");
  expect(refusals).toEqual([expect.stringContaining("`initialJob`")]);
  expect(watching.opened).toEqual([]);
  const taken = hydrate(html, page);
  await waitFor(() => expect(taken.text()).toBe("Shop Queued..."));
});

async function htmlOf(element: Parameters<typeof prerender>[0], onError?: (error: unknown) => void) {
  const { prelude } = await prerender(element, { ...(onError && { onError }) });
  return new Response(prelude as never).text();
}
