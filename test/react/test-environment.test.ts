// @vitest-environment happy-dom
import { startTestServer } from "@jobwire/client/testing";
import { render, screen } from "@testing-library/react";
import { createElement } from "react";
import { expect, onTestFinished, test } from "vitest";
import { JobApp } from "../../examples/react/job-page.js";
import { watchErrorLog } from "./support/error-log.js";

test("a component is tested against the real server in Vitest's own environment, without a word of React's", async () => {
  // Streams bring updates when they like.
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  using errors = watchErrorLog();
  const { location } = globalThis as unknown as { readonly location: { readonly origin: string } };
  await using server = await startTestServer({ CORS_ORIGINS: location.origin });
  const { client } = await server.newUser();
  const service = await server.newService();
  const { id: jobId } = await client.trpc.jobs.create.mutate({ title: "Shop" });
  const { unmount } = render(createElement(JobApp, { client, jobId }));
  onTestFinished(unmount);
  await screen.findByText("Queued...", { selector: "[role=status]" });
  await service.client.trpc.jobs.transition.mutate({ jobId, to: "failed", message: "no disk" });
  await screen.findByText("no disk");
  expect(errors.messages).toEqual([]);
});
