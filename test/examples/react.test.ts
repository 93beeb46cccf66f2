import { waitFor } from "../react/support/render.js";
import { createJobwireClient } from "@jobwire/client";
import { render } from "@testing-library/react";
import { createElement, type ReactNode } from "react";
import { renderToString } from "react-dom/server";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { JobApp } from "../../examples/react/job-page.js";
import JobPage from "../../examples/server-component/page.js";
import { JobListApp } from "../../examples/tanstack-query/job-list.js";
import { startTestServer, type Caller, type TestServer } from "../support/test-server.js";

let server: TestServer;
let user: Caller;
let service: Caller;
beforeAll(async () => {
  server = await startTestServer();
  [user, service] = [await server.newUser(), await server.newService()];
});
afterAll(() => server[Symbol.asyncDispose]());

/** What the tests look at of an element: their project knows no DOM. */
interface Container {
  readonly textContent: string;
  querySelector(selector: string): object | null;
}

/** What a page shows. */
function show(element: ReactNode): { text(): string; has(selector: string): boolean } {
  const { container, unmount } = render(element);
  onTestFinished(unmount);
  const page = container as unknown as Container;
  return {
    text: () => page.textContent,
    has: (selector) => page.querySelector(selector) !== null,
  };
}

test("the React page shows a job, its progress and its end", async () => {
  const { id: jobId } = await user.client.jobs.create.mutate({ title: "Shop" });
  await using client = createJobwireClient({ url: server.url, token: user.token });
  const page = show(createElement(JobApp, { client, jobId }));
  expect(page.text()).toBe("Loading...");
  await waitFor(() => expect(page.text()).toContain("ShopQueued..."));
  const event = { type: "build.progress", stage: "queued", percent: 40 } as const;
  await service.client.jobs.publish.mutate({ jobId, event });
  await waitFor(() => expect(page.has('progress[value="40"]')).toBe(true));
  await service.client.jobs.transition.mutate({ jobId, to: "failed", message: "no disk" });
  await waitFor(() => expect(page.text()).toContain("no disk"));
  expect(page.has('li[data-stage="failed"]')).toBe(true);
});

test("the React page of a job that is not there says so", async () => {
  await using client = createJobwireClient({ url: server.url, token: user.token });
  const page = show(createElement(JobApp, { client, jobId: "none" }));
  await waitFor(() => expect(page.text()).toContain('There is no job "none"'));
});

test("the server component renders the job into the first HTML, and refuses one that is not there", async () => {
  Object.assign(process.env, { JOBWIRE_URL: server.url, JOBWIRE_TOKEN: user.token });
  onTestFinished(() => {
    delete process.env["JOBWIRE_URL"];
    delete process.env["JOBWIRE_TOKEN"];
  });
  const { id: jobId } = await user.client.jobs.create.mutate({ title: "Shop" });
  const html = renderToString(await JobPage({ params: Promise.resolve({ jobId }) }));
  expect(html).toBe('<main><h1>Shop</h1><p role="status" data-connection="connecting">Queued...</p></main>');
  await expect(JobPage({ params: Promise.resolve({ jobId: "none" }) })).rejects.toThrow("There is no job");
});

test("the TanStack Query list is kept current by the feed: statuses change and new jobs appear", async () => {
  const { client, token } = await server.newUser();
  const { id: jobId } = await client.jobs.create.mutate({ title: "One" });
  await using jobwire = createJobwireClient({ url: server.url, token });
  const list = show(createElement(JobListApp, { client: jobwire }));
  await waitFor(() => expect(list.text()).toBe("One: Queued..."));
  await service.client.jobs.transition.mutate({ jobId, to: "starting" });
  await waitFor(() => expect(list.text()).toBe("One: Starting..."));
  await client.jobs.create.mutate({ title: "Two" });
  await waitFor(() => expect(list.text()).toBe("Two: Queued...One: Starting..."));
});
