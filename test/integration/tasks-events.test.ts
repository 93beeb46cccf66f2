import { randomUUID } from "node:crypto";
import type { SessionStreamEvent, TaskEvent } from "@jobwire/shared";
import { expect, test } from "vitest";
import { watchSession, type Collected } from "../support/collect.js";
import { endOf, simulateTask } from "../support/tasks.js";
import { describeOnEachStore, type Caller } from "../support/test-server.js";

function isTaskEvent(event: SessionStreamEvent): event is TaskEvent {
  return event.type.startsWith("task.");
}

function taskEventsOf(session: Collected<SessionStreamEvent>): TaskEvent[] {
  return session.events.filter(isTaskEvent);
}

const isEnd = ({ type }: SessionStreamEvent) => type === "task.completed" || type === "task.failed";

async function openSession({ client }: Pick<Caller, "client">): Promise<Collected<SessionStreamEvent>> {
  const session = watchSession(client, { requestId: randomUUID() });
  await session.until(({ type }) => type === "version.announced");
  return session;
}

describeOnEachStore("the events of tasks", (store) => {
  const start = (overrides = {}) => store.start({ TESTING: "on", TASK_DRAIN_MS: "0", ...overrides });

  /** What is sent to all sessions afterwards: what a session has not received before it, it was never sent. */
  async function flush(service: Caller, sessions: readonly Collected<SessionStreamEvent>[]): Promise<void> {
    const name = randomUUID();
    await service.client.sessions.send.mutate({ name, data: null });
    for (const session of sessions) {
      await session.until((event) => event.type === "session.message" && event.name === name);
    }
  }

  test("reach each session of their user once, in order, and nobody else's; the streams stay open", async () => {
    await using server = await start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    using near = await openSession(alice);
    using far = await openSession(alice);
    using foreign = await openSession(bob);
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const task = await alice.client.tasks.start.mutate({ kind: "export-events", input: { jobId } });
    const { result } = await endOf(alice.client, task);
    await flush(service, [near, far, foreign]);
    const about = { taskId: task.id, kind: "export-events", timestamp: expect.any(Date) };
    expect(taskEventsOf(near)).toEqual([
      { type: "task.started", ...about },
      { type: "task.progress", ...about, progress: 1, text: "1 of 1 events" },
      { type: "task.completed", ...about, result },
    ]);
    expect(taskEventsOf(far)).toEqual(taskEventsOf(near));
    expect(taskEventsOf(foreign)).toEqual([]);
  });

  test("of many tasks at once each come once and in order, to their user's sessions only", async () => {
    await using server = await start({ TASKS_MAX_RUNNING: "40", TASKS_MAX_RUNNING_PER_USER: "20" });
    const users = [await server.newUser(), await server.newUser()];
    const service = await server.newService();
    const sessions = await Promise.all(users.map(openSession));
    const started = await Promise.all(
      users.flatMap(({ sub }) =>
        Array.from({ length: 10 }, async (_, number) => {
          const fails = number % 3 === 0 && { fail: "on purpose" };
          const simulation = { ownerId: sub, durationMs: 20 * number, steps: 5, ...fails };
          return simulateTask(server, service.token, simulation);
        }),
      ),
    );
    await Promise.all(started.map((task) => endOf(service.client, task)));
    await flush(service, sessions);
    for (const [index, session] of sessions.entries()) {
      const own = started.filter(({ ownerId }) => ownerId === users[index]?.sub);
      const events = taskEventsOf(session);
      expect(new Set(events.map(({ taskId }) => taskId))).toEqual(new Set(own.map(({ id }) => id)));
      for (const { id } of own) {
        const about = events.filter(({ taskId }) => taskId === id);
        const progress = about.flatMap((event) => (event.type === "task.progress" ? [event.progress] : []));
        expect(about.map(({ type }) => type)).toEqual([
          "task.started",
          ...progress.map(() => "task.progress"),
          expect.stringMatching(/^task\.(completed|failed)$/),
        ]);
        expect(progress).toEqual([...new Set(progress)].toSorted((one, other) => one - other));
        expect(progress.at(-1)).toBe(1);
      }
    }
  });

  test("of a service's task reach everybody's sessions", async () => {
    await using server = await start();
    const service = await server.newService();
    using session = await openSession(await server.newUser());
    using another = await openSession(await server.newUser());
    const task = await simulateTask(server, service.token, { durationMs: 0, steps: 1 });
    await Promise.all([session.until(isEnd), another.until(isEnd)]);
    expect(taskEventsOf(session).map(({ type }) => type)).toEqual([
      "task.started",
      "task.progress",
      "task.completed",
    ]);
    expect(taskEventsOf(another)).toEqual(taskEventsOf(session));
    expect(taskEventsOf(session).every(({ taskId }) => taskId === task.id)).toBe(true);
  });

  test("say progress a few times a second, however often the work says it, and the last of it always", async () => {
    await using server = await start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    using session = await openSession(alice);
    const startedAt = performance.now();
    await simulateTask(server, service.token, { ownerId: alice.sub, durationMs: 1000, steps: 500 });
    await session.until(isEnd);
    const tookMs = performance.now() - startedAt;
    const said = taskEventsOf(session).filter(({ type }) => type === "task.progress");
    expect(said.length).toBeGreaterThan(1);
    expect(said.length).toBeLessThanOrEqual(tookMs / 250 + 1);
    expect(said.at(-1)).toMatchObject({ progress: 1, text: "Step 500 of 500" });
    expect(taskEventsOf(session).at(-1)?.type).toBe("task.completed");
  });

  test("of a task that fails end with why", async () => {
    await using server = await start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    using session = await openSession(alice);
    await simulateTask(server, service.token, {
      ownerId: alice.sub,
      durationMs: 0,
      steps: 2,
      fail: "no disk",
    });
    await session.until(isEnd);
    expect(taskEventsOf(session)).toMatchObject([
      { type: "task.started" },
      { type: "task.progress", progress: 1 },
      { type: "task.failed", error: "no disk" },
    ]);
  });

  test("of a task that is cancelled end with that, although its work has more to say", async () => {
    await using server = await start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    using session = await openSession(alice);
    const { id: taskId } = await simulateTask(server, service.token, {
      ownerId: alice.sub,
      durationMs: 60_000,
      steps: 1000,
    });
    await session.until(({ type }) => type === "task.progress");
    await alice.client.tasks.cancel.mutate({ taskId });
    await session.until(isEnd);
    // When another task of the same process has said its progress twice, this one would have too.
    const next = await simulateTask(server, service.token, {
      ownerId: alice.sub,
      durationMs: 1000,
      steps: 100,
    });
    await session.until((event) => event.type === "task.completed" && event.taskId === next.id);
    const about = taskEventsOf(session).filter((event) => event.taskId === taskId);
    expect(about.at(-1)).toMatchObject({ type: "task.failed", error: "Cancelled." });
    expect(about.filter(isEnd)).toHaveLength(1);
  });

  test("wait for a session that is away", async () => {
    await using server = await start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    const requestId = randomUUID();
    using before = watchSession(alice.client, { requestId });
    const [, last] = await before.first(2);
    before.unsubscribe();
    const task = await simulateTask(server, service.token, { ownerId: alice.sub, durationMs: 0, steps: 1 });
    await endOf(alice.client, task);
    using after = watchSession(alice.client, { requestId, lastEventId: last?.id });
    await after.until(isEnd);
    expect(taskEventsOf(after).map(({ type }) => type)).toEqual([
      "task.started",
      "task.progress",
      "task.completed",
    ]);
  });
});
