import { useJob, useJobFeed, useTopic } from "@jobwire/client/react";
import { expect, onTestFinished, test } from "vitest";
import { order } from "../topics/order.js";
import { openTopicServer } from "./support/open-shop.js";
import { newJob } from "./support/new-job.js";
import { renderHook, renderWithClient, waitFor } from "./support/render.js";

test("a component that needs one number renders once for each number, however many events there are", async () => {
  const { jobId, service, watching } = await newJob();
  const seen: (number | null)[] = [];
  const select = ({ job }: ReturnType<typeof useJob>) => job?.progress?.percent ?? null;
  const usePercent = (id: string) => {
    const percent = useJob(id, { select });
    seen.push(percent);
    return percent;
  };
  const useWhole = (id: string) => useJob(id).events.length;
  const { result } = renderWithClient(watching.client, usePercent, jobId);
  const whole = renderWithClient(watching.client, useWhole, jobId);
  await waitFor(() => expect(whole.result.current).toBe(1));
  for (const percent of [10, 20]) {
    for (const message of ["one", "two", "three"]) {
      const before = whole.result.current;
      await service.jobs.publish.mutate({
        jobId,
        event: { type: "build.progress", stage: "queued", percent, message },
      });
      await waitFor(() => expect(whole.result.current).toBe(before + 1));
    }
    expect(result.current).toBe(percent);
  }
  // StrictMode renders each twice.
  expect(seen).toEqual([null, null, 10, 10, 20, 20]);
});

test("a selection that is made anew and says the same renders nothing anew, also when its function is another one", async () => {
  const { jobId, service, watching } = await newJob();
  const seen: object[] = [];
  const useStage = (id: string) => {
    const stage = useJob(id, { select: ({ job, status }) => ({ of: job?.status ?? null, status }) });
    seen.push(stage);
    return stage;
  };
  const { result, rerender } = renderWithClient(watching.client, useStage, jobId);
  const percent = renderWithClient(watching.client, (id: string) => useJob(id).job?.progress?.percent, jobId);
  await waitFor(() => expect(result.current).toEqual({ of: "queued", status: "live" }));
  const [{ current }, renders] = [result, seen.length];
  await service.jobs.publish.mutate({
    jobId,
    event: { type: "build.progress", stage: "queued", percent: 5 },
  });
  await waitFor(() => expect(percent.result.current).toBe(5));
  expect(seen).toHaveLength(renders);
  rerender(jobId);
  expect(result.current).toBe(current);
});

test("of the feed one job can be selected, which others do not touch", async () => {
  const { jobId, client, service, watching } = await newJob();
  const { id: other } = await client.jobs.create.mutate({ title: "Other" });
  let renders = 0;
  const useOne = (id: string) => {
    renders++;
    return useJobFeed({ select: ({ jobs }) => jobs?.find((job) => job.jobId === id)?.status });
  };
  const { result } = renderWithClient(watching.client, useOne, jobId);
  const all = renderWithClient(watching.client, () => useJobFeed().jobs, undefined);
  await waitFor(() => expect(result.current).toBe("queued"));
  const before = renders;
  await service.jobs.transition.mutate({ jobId: other, to: "starting" });
  await waitFor(() => expect(all.result.current?.[0]?.status).toBe("starting"));
  expect(renders).toBe(before);
  expect(watching.opened).toEqual(["jobs.feed"]);
});

test("of an own topic a field of its state can be selected", async () => {
  const { orders, trpc } = await openTopicServer();
  const key = { orderId: "a" };
  await orders.publish(key, { type: "order.placed", total: 5 });
  let renders = 0;
  const { result, unmount } = renderHook(() => {
    renders++;
    return useTopic(order, trpc.orders.events, key, { select: ({ state }) => state?.total });
  });
  onTestFinished(unmount);
  const notes = renderHook(() => useTopic(order, trpc.orders.events, key).state?.notes);
  onTestFinished(notes.unmount);
  await waitFor(() => expect(result.current).toBe(5));
  const before = renders;
  await orders.publish(key, { type: "order.noted", text: "ring" });
  await waitFor(() => expect(notes.result.current).toEqual(["ring"]));
  expect(renders).toBe(before);
});

test("what is skipped streams nothing, says so, and begins when it is not skipped any more", async () => {
  const { jobId, watching } = await newJob();
  const { result, rerender } = renderWithClient(
    watching.client,
    ({ skip }: { skip: boolean }) => useJob(jobId, { skip }),
    { skip: true },
  );
  expect(result.current).toMatchObject({ status: "idle", job: null, connection: { state: "idle" } });
  rerender({ skip: false });
  await waitFor(() => expect(result.current.status).toBe("live"));
  expect(watching.opened).toEqual(["jobs.events"]);
  rerender({ skip: true });
  expect(result.current.status).toBe("idle");
  await waitFor(() => expect(watching.open).toEqual([]));
});
