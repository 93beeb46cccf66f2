import { useConnectionStatus, usePreloadJob, useSuspenseJob, useSuspenseTopic } from "@jobwire/client/react";
import { act, render } from "@testing-library/react";
import {
  Component,
  createElement,
  StrictMode,
  Suspense,
  useState,
  useTransition,
  type ReactNode,
} from "react";
import { expect, onTestFinished, test } from "vitest";
import { order } from "../topics/order.js";
import { watchErrorLog } from "./support/error-log.js";
import { newJob } from "./support/new-job.js";
import { openTopicServer } from "./support/open-shop.js";
import { withClient } from "./support/page.js";
import { renderWithClient, waitFor } from "./support/render.js";

interface BoundaryProps {
  readonly children?: ReactNode;
}

class ErrorBoundary extends Component<BoundaryProps, { readonly said: string | null }> {
  override state = { said: null };

  static getDerivedStateFromError(error: Error) {
    return { said: error.message };
  }

  override render() {
    return this.state.said ?? this.props.children;
  }
}

/** What a page shows that waits with a word and says its errors. */
async function show(element: ReactNode, wrap: (inner: ReactNode) => ReactNode = (inner) => inner) {
  const suspense = createElement(Suspense, { fallback: "waiting" }, element);
  const page = wrap(createElement(ErrorBoundary, null, suspense));
  // What suspends in an `act` that is not awaited never comes back.
  const { container, unmount } = await act(async () => render(createElement(StrictMode, null, page)));
  onTestFinished(unmount);
  return () => (container as unknown as { readonly textContent: string }).textContent;
}

function JobStatus({ jobId }: { readonly jobId: string }) {
  const { job, status } = useSuspenseJob(jobId);
  return `${job.job?.title} ${job.stageLabel} ${status}`;
}

test("a component suspends until its job is there, over the one stream it then watches", async () => {
  using errors = watchErrorLog();
  const { jobId, service, watching } = await newJob();
  const text = await show(createElement(JobStatus, { jobId }), (inner) => withClient(watching.client, inner));
  expect(text()).toBe("waiting");
  await waitFor(() => expect(text()).toBe("Shop Queued... live"));
  await service.jobs.transition.mutate({ jobId, to: "starting" });
  await waitFor(() => expect(text()).toBe("Shop Starting... live"));
  expect(watching.opened).toEqual(["jobs.events"]);
  expect(errors.messages).toEqual([]);
});

test("a job that is not there is the error boundary's, and can be asked for again", async () => {
  using _errors = watchErrorLog();
  const { watching } = await newJob();
  const wrap = (inner: ReactNode) => withClient(watching.client, inner);
  const text = await show(createElement(JobStatus, { jobId: "none" }), wrap);
  await waitFor(() => expect(text()).toBe('There is no job "none" that you may see.'));
  const { result } = renderWithClient(watching.client, useConnectionStatus, undefined);
  // Nothing is wrong with the connection.
  expect(result.current.state).toBe("idle");
  expect(watching.opened).toHaveLength(1);
  result.current.retry();
  await waitFor(() => expect(watching.opened).toHaveLength(2));
});

test("a component that is gone before its job came leaves nothing open", async () => {
  using _errors = watchErrorLog();
  const { jobId, watching } = await newJob();
  const wrap = (inner: ReactNode) => withClient(watching.client, inner);
  const { unmount } = render(
    wrap(createElement(Suspense, null, createElement(JobStatus, { jobId }))) as never,
  );
  await waitFor(() => expect(watching.open).toHaveLength(1));
  unmount();
  await waitFor(() => expect(watching.open).toEqual([]));
});

test("a job that was preloaded is shown without waiting", async () => {
  using errors = watchErrorLog();
  const { jobId, watching } = await newJob();
  const { result } = renderWithClient(watching.client, usePreloadJob, undefined);
  result.current(jobId);
  const status = renderWithClient(watching.client, useConnectionStatus, undefined);
  await waitFor(() => expect(status.result.current.state).toBe("live"));
  const text = await show(createElement(JobStatus, { jobId }), (inner) => withClient(watching.client, inner));
  await waitFor(() => expect(text()).toBe("Shop Queued... live"));
  expect(watching.opened).toEqual(["jobs.events"]);
  expect(errors.messages).toEqual([]);
});

test("a job id that changes in a transition keeps the job before on the screen until the new one is there", async () => {
  const { client, jobId, watching } = await newJob("One");
  const { id: other } = await client.jobs.create.mutate({ title: "Two" });
  let change: (next: string) => void = () => {};
  const texts: string[] = [];
  const Chosen = () => {
    const [chosen, choose] = useState(jobId);
    const [isPending, startTransition] = useTransition();
    change = (next) => startTransition(() => choose(next));
    return createElement("p", null, isPending && "next: ", createElement(JobStatus, { jobId: chosen }));
  };
  const text = await show(createElement(Chosen), (inner) => withClient(watching.client, inner));
  await waitFor(() => expect(text()).toBe("One Queued... live"));
  await act(async () => change(other));
  expect(text()).toBe("next: One Queued... live");
  await waitFor(() => {
    texts.push(text());
    expect(text()).toBe("Two Queued... live");
  });
  expect(texts).not.toContain("waiting");
});

test("an own topic suspends until something has come of it, and one without events is shown as empty", async () => {
  const { orders, trpc } = await openTopicServer();
  await orders.publish({ orderId: "a" }, { type: "order.placed", total: 5 });
  const texts: string[] = [];
  const Total = ({ orderId }: { readonly orderId: string }) => {
    const total = useSuspenseTopic(
      order,
      trpc.orders.events,
      { orderId },
      { select: ({ state }) => state?.total },
    );
    texts.push(`total ${total ?? "none"}`);
    return texts.at(-1);
  };
  const seen = await show(createElement(Total, { orderId: "a" }));
  await waitFor(() => expect(seen()).toBe("total 5"));
  expect(texts).not.toContain("total none");
  const empty = await show(createElement(Total, { orderId: "b" }));
  expect(empty()).toBe("waiting");
  await waitFor(() => expect(empty()).toBe("total none"));
  await orders.publish({ orderId: "b" }, { type: "order.placed", total: 7 });
  await waitFor(() => expect(empty()).toBe("total 7"));
});
