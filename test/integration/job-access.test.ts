import { expect, test } from "vitest";
import { watchFeed, watchJob, type CallError } from "../support/collect.js";
import { callRaw, errorOfFrame, openRawStream } from "../support/raw-http.js";
import { describeRefusal, refusalOf } from "../support/test-client.js";
import { describeOnEachStore } from "../support/test-server.js";

const missingId = "00000000-0000-7000-8000-000000000000";
const progress = { type: "build.progress", stage: "code", percent: 1 } as const;

/** What an attacker would compare, without the id they sent themselves. */
function withoutId(text: string, id: string): string {
  return text.replaceAll(id, "<id>");
}

describeOnEachStore("who may see what", (store) => {
  test("somebody else's job and a job that does not exist give the same answer to a call", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const mallory = await server.newUser();
    const { id } = await alice.client.jobs.create.mutate({});
    const ask = (jobId: string) =>
      callRaw(server.url, "jobs.get", { method: "GET", token: mallory.token, input: { jobId } });
    const foreign = await ask(id);
    const missing = await ask(missingId);
    expect(foreign.status).toBe(404);
    expect(missing.status).toBe(404);
    expect(withoutId(foreign.text, id)).toBe(withoutId(missing.text, missingId));
    expect(foreign.text).not.toContain(alice.sub);
    expect([...foreign.headers.keys()]).toEqual([...missing.headers.keys()]);
    expect(await refusalOf(mallory.client.jobs.get.query({ jobId: id }))).toMatchObject({
      code: "NOT_FOUND",
      reason: "JOB_NOT_FOUND",
    });
  });

  test("somebody else's job and a job that does not exist give the same answer to a subscription", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const mallory = await server.newUser();
    const { id } = await alice.client.jobs.create.mutate({});
    const answers: unknown[] = [];
    for (const jobId of [id, missingId]) {
      await using stream = await openRawStream(server.url, "jobs.events", {
        token: mallory.token,
        input: { jobId },
      });
      await stream.ended();
      answers.push(stream.status, withoutId(JSON.stringify(stream.frames), jobId));
    }
    expect(answers.slice(0, 2)).toEqual(answers.slice(2));
    using stream = watchJob(mallory.client, { jobId: id });
    const error: CallError = await stream.error();
    expect(describeRefusal(error)).toMatchObject({ code: "NOT_FOUND", reason: "JOB_NOT_FOUND" });
    expect(stream.items).toEqual([]);
  });

  test("a cursor of somebody else's job opens nothing", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const mallory = await server.newUser();
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    using own = watchJob(alice.client, { jobId });
    const [first] = await own.first(1);
    using stream = watchJob(mallory.client, { jobId, lastEventId: first?.id });
    expect(describeRefusal(await stream.error())).toMatchObject({ code: "NOT_FOUND" });
  });

  test("services may read any job", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    const job = await alice.client.jobs.create.mutate({ title: "Shop" });
    expect(await service.client.jobs.get.query({ jobId: job.id })).toEqual(job);
    using stream = watchJob(service.client, { jobId: job.id });
    expect((await stream.first(1))[0]?.data).toMatchObject({ stage: "queued" });
  });

  test("users may not move or publish, also not on their own jobs, and may not work", async () => {
    await using server = await store.start();
    const { client } = await server.newUser();
    const { id: jobId } = await client.jobs.create.mutate({ pipeline: "users-may-not" });
    const calls: Record<string, () => Promise<unknown>> = {
      "jobs.transition": () => client.jobs.transition.mutate({ jobId, to: "starting" }),
      "jobs.publish": () => client.jobs.publish.mutate({ jobId, event: progress }),
      "work.waiting": () => client.work.waiting.query({ pipelines: ["users-may-not"] }),
      "work.claim": () => client.work.claim.mutate({ jobId, workerId: "me" }),
      "work.renew": () => client.work.renew.mutate({ jobId, workerId: "me" }),
    };
    for (const [path, call] of Object.entries(calls)) {
      const refusal = await refusalOf(call());
      expect(refusal, path).toMatchObject({ code: "FORBIDDEN", reason: "ROLE_REQUIRED", status: 403 });
      expect(refusal.message).toContain(path);
    }
    await using watching = await openRawStream(server.url, "work.watch", {
      token: await server.token("anybody"),
      input: { pipeline: "users-may-not" },
    });
    const { data } = errorOfFrame(await watching.until(({ event }) => event === "serialized-error"));
    expect(data).toMatchObject({ code: "FORBIDDEN", reason: "ROLE_REQUIRED" });
    expect(await client.jobs.get.query({ jobId })).toMatchObject({ status: "queued" });
  });

  test("a role is asked for before the input is looked at", async () => {
    await using server = await store.start();
    const user = await server.newUser();
    const answer = await callRaw(server.url, "jobs.transition", {
      token: user.token,
      input: { nonsense: true },
    });
    expect(answer.status).toBe(403);
    const withoutToken = await callRaw(server.url, "jobs.transition", { input: { nonsense: true } });
    expect(withoutToken.status).toBe(401);
  });
});

describeOnEachStore("the feed", (store) => {
  test("one connection carries the events of all the caller's jobs and of nobody else's", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const bob = await server.newUser();
    const service = await server.newService();
    const before = await alice.client.jobs.create.mutate({});
    await bob.client.jobs.create.mutate({});
    using feed = watchFeed(alice.client);
    await feed.first(1);
    const after = await alice.client.jobs.create.mutate({});
    const foreign = await bob.client.jobs.create.mutate({});
    for (const { id: jobId } of [foreign, before, after]) {
      await service.client.jobs.publish.mutate({ jobId, event: progress });
      await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    }
    const items = await feed.first(8);
    const told = items.map(({ data }) => (data.type === "stream.gap" ? "gap" : `${data.jobId} ${data.type}`));
    expect(told).toEqual([
      `${before.id} build.stage.started`,
      `${after.id} build.stage.started`,
      ...[before.id, after.id].flatMap((id) => [
        `${id} build.progress`,
        `${id} build.stage.completed`,
        `${id} build.stage.started`,
      ]),
    ]);
    expect(feed.items).toHaveLength(8);
  });

  test("a feed resumes after its cursor and does not end with a job", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    const jobs = [await alice.client.jobs.create.mutate({}), await alice.client.jobs.create.mutate({})];
    using feed = watchFeed(alice.client);
    const [first] = await feed.first(2);
    feed.unsubscribe();
    for (const { id: jobId } of jobs) await service.client.jobs.transition.mutate({ jobId, to: "failed" });

    using resumed = watchFeed(alice.client, { lastEventId: first?.id });
    await resumed.first(5);
    const job = await alice.client.jobs.create.mutate({});
    await resumed.until((event) => event.type !== "stream.gap" && event.jobId === job.id);
    expect(resumed.ids.map((id) => Number(id.split(":")[1]))).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test("types filters the feed", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    using feed = watchFeed(alice.client, { types: ["build.progress"] });
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    await service.client.jobs.publish.mutate({ jobId, event: progress });
    const [only] = await feed.first(1);
    expect(only?.data).toMatchObject({ type: "build.progress", jobId });
    expect(feed.items).toHaveLength(1);
  });

  test("a service's feed is its own jobs, not everybody's", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const service = await server.newService();
    await alice.client.jobs.create.mutate({});
    using feed = watchFeed(service.client);
    await feed.connected();
    await alice.client.jobs.create.mutate({});
    const own = await service.client.jobs.create.mutate({});
    const [first] = await feed.first(1);
    expect(first?.data).toMatchObject({ jobId: own.id });
  });
});
