import { expect, test } from "vitest";
import { watchFeed } from "../support/collect.js";
import { describeOnEachStore } from "../support/test-server.js";

type WatchFeedInput = Parameters<typeof watchFeed>[1];

describeOnEachStore("jobs for people who look after them", (store) => {
  test("needing attention are jobs that failed, and those that wait for a worker that is not there", async () => {
    await using server = await store.start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    const create = (pipeline?: string) => alice.client.jobs.create.mutate(pipeline ? { pipeline } : {});
    await service.client.work.offer.mutate({ workerId: "w", host: "h", pipelines: ["offered"] });
    const [failed, unoffered, offered, outside] = [
      await create(),
      await create("unoffered"),
      await create("offered"),
      await create(),
    ];
    await service.client.jobs.transition.mutate({ jobId: failed.id, to: "failed" });
    const find = async (filter: { pipeline?: string }) => {
      const { items } = await alice.client.jobs.list.query({ attention: true, ...filter });
      return items.map(({ id }) => id);
    };
    await expect.poll(() => find({}), { timeout: 5000 }).toEqual([unoffered.id, failed.id]);
    expect(await find({ pipeline: "offered" })).toEqual([]);
    expect(await find({ pipeline: "unoffered" })).toEqual([unoffered.id]);
    expect(await alice.client.jobs.counts.query({ attention: true })).toMatchObject({
      failed: 1,
      queued: 1,
      ready: 0,
    });
    const { items } = await alice.client.jobs.list.query({});
    expect(items.map(({ id }) => id)).toEqual([outside.id, offered.id, unoffered.id, failed.id]);
  });

  test("the feed of types says what was removed; a service follows another's jobs and how everybody's come along", async () => {
    await using server = await store.start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const { id: jobId, ownerId } = await alice.client.jobs.create.mutate({});
    await service.client.jobs.publish.mutate({
      jobId,
      event: { type: "build.progress", stage: "queued", percent: 1 },
    });
    const { id: other } = await bob.client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    await alice.client.jobs.remove.mutate({ jobId });
    const collect = async (client: typeof service.client, input: WatchFeedInput) => {
      using feed = watchFeed(client, input);
      await feed.until(({ type }) => type === "stream.removed");
      const heard = feed.events.map((event) => [event.type, "jobId" in event ? event.jobId : null]);
      return heard.filter(([, id]) => id === jobId || id === other);
    };
    const types = ["build.stage.started" as const];
    const own = [
      ["build.stage.started", jobId],
      ["build.stage.started", jobId],
      ["stream.removed", jobId],
    ];
    expect(await collect(alice.client, { types })).toEqual(own);
    expect(await collect(service.client, { types, ownerId })).toEqual(own);
    expect(await collect(service.client, { all: true })).toEqual([
      ["build.stage.started", jobId],
      ["build.stage.started", other],
      ["build.stage.completed", jobId],
      ["build.stage.started", jobId],
      ["stream.removed", jobId],
    ]);
    for (const input of [{ ownerId }, { all: true as const }])
      await expect(collect(bob.client, input)).rejects.toMatchObject({
        cause: { data: { reason: "ROLE_REQUIRED" } },
      });
  });
});
