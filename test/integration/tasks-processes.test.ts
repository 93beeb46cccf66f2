import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { watchSession } from "../support/collect.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";
import { serverProgram, startProcess } from "../support/server-process.js";
import { endOf, simulateTask } from "../support/tasks.js";
import { createTestClient, refusalOf } from "../support/test-client.js";
import { signTestToken, startTestServer, testSecret, type Environment } from "../support/test-server.js";

const patience = { timeout: 25_000, interval: 50 };
const longMs = 600_000;

describe("tasks of several processes", { timeout: 60_000 }, () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  const environment = (overrides: Environment = {}): Environment => ({
    REDIS_URL: redis.url,
    TESTING: "on",
    TASK_DRAIN_MS: "0",
    DRAIN_MS: "0",
    ...overrides,
  });
  const start = (overrides?: Environment) => startTestServer(environment(overrides));
  const spawn = (overrides?: Environment) =>
    startProcess(process.execPath, serverProgram, environment({ JWT_SECRET: testSecret, ...overrides }));

  /** Somebody who has a session at this server. */
  async function newWatcher({ url }: { readonly url: string }) {
    const sub = `user-${randomUUID()}`;
    const client = createTestClient({ url, token: await signTestToken({ sub, role: "user" }) });
    const session = watchSession(client, { requestId: randomUUID() });
    await session.first(2);
    const about = (taskId: string) =>
      session.events.filter((event) => "taskId" in event && event.taskId === taskId);
    return { sub, client, about, session, [Symbol.dispose]: () => session.unsubscribe() };
  }

  test("a task is the same from wherever it is looked at, and heard of at both processes once", async () => {
    await using here = await start();
    await using there = await start();
    const [alice, service] = [await here.newUser(), await here.newService()];
    const sessions = [here, there].map(({ url }) =>
      watchSession(createTestClient({ url, token: alice.token }), { requestId: randomUUID() }),
    );
    for (const session of sessions) await session.first(2);
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const task = await alice.client.tasks.start.mutate({ kind: "export-events", input: { jobId } });
    for (const session of sessions) await session.until(({ type }) => type === "task.completed");
    const name = "afterwards";
    await service.client.sessions.send.mutate({ name, data: null });
    for (const session of sessions) await session.until((event) => "name" in event && event.name === name);
    const [near, far] = sessions.map(({ events }) => events.filter((event) => "taskId" in event));
    expect(near?.map(({ type }) => type)).toEqual(["task.started", "task.progress", "task.completed"]);
    expect(far).toEqual(near);
    const aliceThere = there.client(alice.token);
    const ended = await aliceThere.tasks.get.query({ taskId: task.id });
    expect(ended).toEqual(await alice.client.tasks.get.query({ taskId: task.id }));
    const url = ended.kind === "export-events" && ended.result ? ended.result.url : "";
    const [one, other] = await Promise.all(
      [here, there].map(async (server) => {
        const headers = { authorization: `Bearer ${alice.token}` };
        return (await fetch(`${server.url}${url}`, { headers })).text();
      }),
    );
    expect(one).toContain("build.stage.started");
    expect(other).toBe(one);
    for (const session of sessions) session.unsubscribe();
  });

  test("a task that is cancelled at another process stops where it runs", async () => {
    await using here = await start({ TASKS_MAX_RUNNING_PER_USER: "1" });
    await using there = await start();
    const [alice, service] = [await here.newUser(), await here.newService()];
    // It says no progress: it is the renewal of its lease that finds out.
    const simulation = { ownerId: alice.sub, durationMs: longMs, steps: 1 };
    const { id: taskId } = await simulateTask(here, service.token, simulation);
    await expect(simulateTask(here, service.token, simulation)).rejects.toThrow(/TOO_MANY_REQUESTS/);
    const cancelled = await there.client(alice.token).tasks.cancel.mutate({ taskId });
    expect(cancelled.status).toBe("cancelled");
    const next = await vi.waitFor(() => simulateTask(here, service.token, simulation), patience);
    expect(await alice.client.tasks.get.query({ taskId })).toEqual(cancelled);
    await alice.client.tasks.cancel.mutate({ taskId: next.id });
  });

  test("of those who race to cancel at two processes exactly one does, and it is said once", async () => {
    await using here = await start();
    await using there = await start();
    const service = await here.newService();
    using alice = await newWatcher(here);
    const token = await here.token(alice.sub);
    const { id: taskId } = await simulateTask(here, service.token, {
      ownerId: alice.sub,
      durationMs: longMs,
    });
    const clients = Array.from({ length: 10 }, () => [alice.client, there.client(token)]).flat();
    const settled = await Promise.allSettled(clients.map((client) => client.tasks.cancel.mutate({ taskId })));
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await alice.session.until(({ type }) => type === "task.failed");
    const next = await simulateTask(there, service.token, { ownerId: alice.sub, durationMs: 0, steps: 1 });
    await alice.session.until((event) => event.type === "task.completed" && event.taskId === next.id);
    expect(alice.about(taskId).map(({ type }) => type)).toEqual(["task.started", "task.failed"]);
  });

  test("a task that says nothing for longer than its lease goes on", async () => {
    await using here = await start();
    await using _there = await start();
    const service = await here.newService();
    using alice = await newWatcher(here);
    const simulation = { ownerId: alice.sub, durationMs: 13_000, steps: 1 };
    const { id: taskId } = await simulateTask(here, service.token, simulation);
    await alice.session.until((event) => "taskId" in event && event.type !== "task.started");
    await alice.session.until(({ type }) => type === "task.completed" || type === "task.failed");
    expect(alice.about(taskId).map(({ type }) => type)).toEqual([
      "task.started",
      "task.progress",
      "task.completed",
    ]);
  });

  test("a task whose process is killed fails, says so once, and makes room", async () => {
    await using here = await start();
    await using _there = await start();
    await using killed = await spawn();
    const service = await here.newService();
    using alice = await newWatcher(here);
    const simulation = { ownerId: alice.sub, durationMs: longMs, steps: 1000 };
    const { id: taskId } = await simulateTask(killed, service.token, simulation);
    await alice.session.until(({ type }) => type === "task.progress");
    killed.send("SIGKILL");
    await killed.exited;
    const { error } = await vi.waitFor(async () => {
      const task = await alice.client.tasks.get.query({ taskId });
      expect(task.status).toBe("failed");
      return task;
    }, patience);
    expect(error).toMatch(/No server process/);
    const next = await simulateTask(here, service.token, { ownerId: alice.sub, durationMs: 2500, steps: 1 });
    await alice.session.until((event) => event.type === "task.completed" && event.taskId === next.id);
    const types = alice.about(taskId).map(({ type }) => type);
    expect(types.filter((type) => type === "task.failed")).toHaveLength(1);
    expect(types.at(-1)).toBe("task.failed");
  });

  test("a task that runs while its process is stopped is waited for", async () => {
    await using here = await start();
    await using stopped = await spawn({ TASK_DRAIN_MS: "20000" });
    const service = await here.newService();
    using alice = await newWatcher(here);
    const simulation = { ownerId: alice.sub, durationMs: 3000, steps: 30 };
    const { id: taskId } = await simulateTask(stopped, service.token, simulation);
    stopped.send("SIGTERM");
    const refusal = await vi.waitFor(async () => {
      const client = createTestClient({ url: stopped.url, token: service.token });
      const input = { finishedBeforeDays: 1, ownerId: alice.sub };
      return refusalOf(client.tasks.start.mutate({ kind: "prune-jobs", input }));
    }, patience);
    expect(refusal).toMatchObject({ code: "SERVICE_UNAVAILABLE", reason: "SHUTTING_DOWN", status: 503 });
    expect(await stopped.exited).toBe(0);
    expect(await alice.client.tasks.get.query({ taskId })).toMatchObject({ status: "completed" });
    await alice.session.until(({ type }) => type === "task.completed");
    const last = alice.about(taskId).slice(-2);
    expect(last).toMatchObject([{ type: "task.progress", progress: 1 }, { type: "task.completed" }]);
  });

  test("a task that does not end in time while its process is stopped fails and says so", async () => {
    await using here = await start();
    await using stopped = await spawn({ TASK_DRAIN_MS: "300" });
    const service = await here.newService();
    using alice = await newWatcher(here);
    const simulation = { ownerId: alice.sub, durationMs: longMs, steps: 1 };
    const tasks = await Promise.all([1, 2].map(() => simulateTask(stopped, service.token, simulation)));
    expect(await stopped.stop()).toBe(0);
    for (const { id: taskId } of tasks) {
      const task = await alice.client.tasks.get.query({ taskId });
      expect(task).toMatchObject({ status: "failed", error: expect.stringMatching(/stopped/) });
      await alice.session.until((event) => event.type === "task.failed" && event.taskId === taskId);
      expect(alice.about(taskId).map(({ type }) => type)).toEqual(["task.started", "task.failed"]);
    }
  });

  test("events of tasks that are no longer retained are made up for by the tasks themselves", async () => {
    await using here = await start({ HISTORY_MAX_EVENTS: "2" });
    await using there = await start({ HISTORY_MAX_EVENTS: "2" });
    const [alice, bob, service] = [await here.newUser(), await here.newUser(), await here.newService()];
    const requestId = randomUUID();
    using before = watchSession(alice.client, { requestId });
    const [, last] = await before.first(2);
    before.unsubscribe();
    const ended = [];
    for (const owner of [alice, alice, bob]) {
      const simulation = { ownerId: owner.sub, durationMs: 0, steps: 1 };
      ended.push(await endOf(owner.client, await simulateTask(here, service.token, simulation)));
    }
    // Another process: the one that followed the session still has the events for a moment.
    using after = watchSession(there.client(alice.token), { requestId, lastEventId: last?.id });
    const { data: gap } = await after.until(({ type }) => type === "stream.gap");
    expect(gap).toMatchObject({ snapshot: { tasks: [ended[1], ended[0]] } });
  });
});
