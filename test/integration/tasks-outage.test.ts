import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { FaultProxy } from "../faults/support/fault-proxy.js";
import { watchSession } from "../support/collect.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";
import { endOf, simulateTask } from "../support/tasks.js";
import { refusalOf, type TestClient } from "../support/test-client.js";
import { startTestServer } from "../support/test-server.js";

const patience = { timeout: 25_000, interval: 50 };
const input = { kind: "prune-jobs", input: { finishedBeforeDays: 1 } } as const;

describe("a task whose server loses Redis", { timeout: 60_000 }, () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  /** A server behind a connection that fails on demand, and a session at one whose connection does not. */
  async function openStage(overrides = {}) {
    const proxy = await FaultProxy.start(Number(new URL(redis.url).port));
    const common = { TESTING: "on", TASK_DRAIN_MS: "0", ...overrides };
    const here = await startTestServer({ ...common, REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
    const there = await startTestServer({ ...common, REDIS_URL: redis.url });
    const [alice, service] = [await there.newUser(), await there.newService()];
    const session = watchSession(alice.client, { requestId: randomUUID() });
    await session.first(2);
    return {
      proxy,
      here,
      session,
      alice,
      service,
      aliceHere: here.client(alice.token),
      /** The types of all task events, and the fractions that were said. */
      said() {
        const events = session.events.filter((event) => "taskId" in event);
        const fractions = events.flatMap((event) => ("progress" in event ? [event.progress] : []));
        return { types: events.map(({ type }) => type), fractions };
      },
      async [Symbol.asyncDispose]() {
        session.unsubscribe();
        proxy.heal();
        for (const opened of [here, there, proxy]) await opened[Symbol.asyncDispose]();
      },
    };
  }

  async function untilAway(client: TestClient): Promise<void> {
    await vi.waitFor(async () => {
      expect((await refusalOf(client.tasks.list.query())).reason).toBe("STORE_UNAVAILABLE");
    }, patience);
  }

  test("goes on, and what it says in the meantime is said afterwards, once", async () => {
    await using stage = await openStage();
    const { proxy, here, session, alice, service, aliceHere } = stage;
    const simulation = { ownerId: alice.sub, durationMs: 1000, steps: 50 };
    const { id: taskId } = await simulateTask(here, service.token, simulation);
    await session.until(({ type }) => type === "task.progress");
    proxy.mute();
    await untilAway(aliceHere);
    expect(await alice.client.tasks.get.query({ taskId })).toMatchObject({ status: "running" });
    proxy.heal();
    await session.until(({ type }) => type === "task.completed" || type === "task.failed");
    expect(await alice.client.tasks.get.query({ taskId })).toMatchObject({ status: "completed" });
    const { types, fractions } = stage.said();
    expect([types[0], types.at(-1)]).toEqual(["task.started", "task.completed"]);
    expect(types.slice(1, -1)).toEqual(fractions.map(() => "task.progress"));
    expect(fractions).toEqual([...new Set(fractions)].toSorted((one, other) => one - other));
    expect(fractions.at(-1)).toBe(1);
  });

  test("says everything once although answers to its commits are lost", async () => {
    await using stage = await openStage();
    const { proxy, here, session, alice, service } = stage;
    const pending = new Set(["task.progress", "task.completed"]);
    proxy.loseAnswers((request) =>
      [...pending].some((type) => request.includes(type) && pending.delete(type)),
    );
    const simulation = { ownerId: alice.sub, durationMs: 3000, steps: 50 };
    const task = await simulateTask(here, service.token, simulation);
    expect(await endOf(alice.client, task)).toMatchObject({ status: "completed" });
    await vi.waitFor(() => expect(proxy.lostAnswers).toBe(2), patience);
    // The next task has its place only when the first has heard that its end was said.
    const next = await vi.waitFor(
      () => simulateTask(here, service.token, { ...simulation, durationMs: 0 }),
      patience,
    );
    await session.until((event) => event.type === "task.completed" && event.taskId === next.id);
    const about = session.events.filter((event) => "taskId" in event && event.taskId === task.id);
    const fractions = about.flatMap((event) => ("progress" in event ? [event.progress] : []));
    expect(about.map(({ type }) => type)).toEqual([
      "task.started",
      ...fractions.map(() => "task.progress"),
      "task.completed",
    ]);
    expect(fractions).toEqual([...new Set(fractions)].toSorted((one, other) => one - other));
  });

  test("says its progress less often when saying it takes long", async () => {
    await using stage = await openStage();
    const { proxy, here, session, alice, service } = stage;
    proxy.slowDown({ delayMs: 100 });
    const simulation = { ownerId: alice.sub, durationMs: 4000, steps: 400 };
    await simulateTask(here, service.token, simulation);
    await session.until(({ type }) => type === "task.completed");
    const { fractions } = stage.said();
    expect(fractions.at(-1)).toBe(1);
    // Four times a second it would be 16.
    expect(fractions.length).toBeLessThan(6);
  });

  test("is not started while Redis is away, and takes no place", async () => {
    await using stage = await openStage({ TASKS_MAX_RUNNING_PER_USER: "1" });
    const { proxy, aliceHere } = stage;
    proxy.mute();
    await untilAway(aliceHere);
    for (let attempt = 0; attempt < 2; attempt++) {
      const refusal = await refusalOf(aliceHere.tasks.start.mutate(input));
      expect(refusal).toMatchObject({ code: "SERVICE_UNAVAILABLE", reason: "STORE_UNAVAILABLE" });
    }
    proxy.heal();
    const task = await vi.waitFor(() => aliceHere.tasks.start.mutate(input), patience);
    expect(await endOf(aliceHere, task)).toMatchObject({ status: "completed" });
  });

  test("whose start was refused although it was written does not stay running", async () => {
    await using stage = await openStage();
    const { proxy, session, alice, aliceHere } = stage;
    let isPending = true;
    proxy.loseAnswers((request) => isPending && request.includes("task.started") && !(isPending = false));
    expect((await refusalOf(aliceHere.tasks.start.mutate(input))).reason).toBe("STORE_UNAVAILABLE");
    const { data } = await session.until(({ type }) => type === "task.failed");
    expect(data).toMatchObject({ error: expect.stringContaining("No server process") });
    const [task] = (await alice.client.tasks.list.query()).items;
    expect(task).toMatchObject({ status: "failed" });
    expect(stage.said().types).toEqual(["task.started", "task.failed"]);
  });
});
