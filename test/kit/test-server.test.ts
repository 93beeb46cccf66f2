import { collect, startTestServer } from "@jobwire/client/testing";
import "@jobwire/client/testing/vitest";
import { expect, test } from "vitest";

test("a job is followed from its creation to its end with nothing but the kit", async () => {
  await using server = await startTestServer();
  const { client } = await server.newUser();
  const service = await server.newService();
  const { id: jobId } = await client.trpc.jobs.create.mutate({ title: "Shop" });
  using stream = collect(client.jobs.watch(jobId));
  for (const to of ["starting", "failed"] as const) {
    await service.client.trpc.jobs.transition.mutate({ jobId, to });
  }
  await stream.completed();
  expect(stream).toHaveContiguousIds();
  expect(stream).toEndWith(
    { type: "build.stage.completed", stage: "starting" },
    { type: "build.stage.started", stage: "failed" },
  );
});

test("two users do not see each other's jobs, and a service sees both", async () => {
  await using server = await startTestServer();
  const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
  const { id: jobId } = await alice.client.trpc.jobs.create.mutate({});
  await expect(bob.client.trpc.jobs.get.query({ jobId })).rejects.toMatchObject({
    data: { code: "NOT_FOUND" },
  });
  expect(await service.client.trpc.jobs.get.query({ jobId })).toMatchObject({ ownerId: alice.sub });
});

test("two calls with one name make the same person", async () => {
  await using server = await startTestServer();
  const [first, second] = [
    server.client(await server.token("eve")),
    server.client(await server.token("eve")),
  ];
  const { id } = await first.trpc.jobs.create.mutate({});
  expect((await second.trpc.jobs.list.query()).items.map((job) => job.id)).toEqual([id]);
});

test("the environment reaches the server, and a wrong one is named", async () => {
  await using server = await startTestServer({ HISTORY_MAX_EVENTS: "1" });
  const { client } = await server.newUser();
  const service = await server.newService();
  const { id: jobId } = await client.trpc.jobs.create.mutate({});
  await service.client.trpc.jobs.transition.mutate({ jobId, to: "failed" });
  using stream = collect(client.jobs.watch(jobId));
  expect(await stream.completed()).toMatchObject([{ type: "build.stage.started", stage: "failed" }]);
  await expect(startTestServer({ PORT: "high" })).rejects.toThrow("PORT");
});

test("disposing the server ends the streams of its clients and frees its port", async () => {
  const server = await startTestServer();
  const { client } = await server.newUser();
  using stream = collect(client.jobs.feed());
  await client.trpc.jobs.create.mutate({});
  await stream.first(1);
  await server[Symbol.asyncDispose]();
  await stream.completed();
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow("fetch failed");
});
