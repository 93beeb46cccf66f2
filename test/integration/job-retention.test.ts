import { expect, test, vi } from "vitest";
import { watchFeed, watchJob } from "../support/collect.js";
import { describeRefusal, refusalOf } from "../support/test-client.js";
import { describeOnEachStore } from "../support/test-server.js";

const patience = { timeout: 10_000, interval: 50 };

describeOnEachStore("retention", (store) => {
  test("a finished job is gone after its time, as if it had never been, and an unfinished one stays", async () => {
    await using server = await store.start({ HISTORY_TTL_S: "1" });
    const alice = await server.newUser();
    const service = await server.newService();
    const unfinished = await alice.client.jobs.create.mutate({});
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    expect((await alice.client.jobs.get.query({ jobId })).status).toBe("failed");

    await vi.waitFor(async () => {
      expect((await refusalOf(alice.client.jobs.get.query({ jobId }))).reason).toBe("JOB_NOT_FOUND");
    }, patience);
    expect((await alice.client.jobs.list.query()).items).toEqual([unfinished]);
    using stream = watchJob(alice.client, { jobId });
    expect(describeRefusal(await stream.error())).toMatchObject({
      code: "NOT_FOUND",
      reason: "JOB_NOT_FOUND",
    });
    for (const call of [
      () => service.client.jobs.transition.mutate({ jobId, to: "starting" }),
      () =>
        service.client.jobs.publish.mutate({
          jobId,
          event: { type: "build.progress", stage: "code", percent: 1 },
        }),
    ]) {
      expect(await refusalOf(call())).toMatchObject({ code: "NOT_FOUND" });
    }
    await service.client.jobs.transition.mutate({ jobId: unfinished.id, to: "starting" });
  });

  test("a finished job that is to be kept for a month is kept", async () => {
    await using server = await store.start({ HISTORY_TTL_S: String(31 * 24 * 60 * 60) });
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const { id: later } = await alice.client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    await service.client.jobs.transition.mutate({ jobId: later, to: "failed" });
    for (let look = 0; look < 20; look++) {
      expect((await alice.client.jobs.get.query({ jobId })).status).toBe("failed");
    }
    using stream = watchJob(alice.client, { jobId });
    expect(await stream.completed()).toHaveLength(3);
  });

  test("pages are whole when some of their jobs are gone", async () => {
    await using server = await store.start({ HISTORY_TTL_S: "1" });
    const alice = await server.newUser();
    const service = await server.newService();
    const staying: string[] = [];
    const leaving: string[] = [];
    for (let number = 0; number < 9; number++) {
      const { id } = await alice.client.jobs.create.mutate({});
      (number % 3 === 0 ? staying : leaving).push(id);
    }
    for (const jobId of leaving) await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    for (const jobId of leaving) {
      await vi.waitFor(async () => {
        expect((await refusalOf(alice.client.jobs.get.query({ jobId }))).code).toBe("NOT_FOUND");
      }, patience);
    }
    const first = await alice.client.jobs.list.query({ limit: 2 });
    const second = await alice.client.jobs.list.query({ limit: 2, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(staying.toReversed());
    expect(second.nextCursor).toBeNull();
  });

  test("a stream that is open when its job goes has completed before, and the feed goes on", async () => {
    await using server = await store.start({ HISTORY_TTL_S: "1" });
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using stream = watchJob(alice.client, { jobId });
    using feed = watchFeed(alice.client);
    await stream.first(1);
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    expect(await stream.completed()).toHaveLength(3);
    await vi.waitFor(async () => {
      expect((await refusalOf(alice.client.jobs.get.query({ jobId }))).code).toBe("NOT_FOUND");
    }, patience);
    const next = await alice.client.jobs.create.mutate({});
    await feed.until((event) => event.type === "build.stage.started" && event.jobId === next.id);
    expect(feed.events.map(({ type }) => type)).not.toContain("stream.gap");
  });
});
