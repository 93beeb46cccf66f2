import { expect, test, vi } from "vitest";
import { refusalOf } from "../support/test-client.js";
import { describeOnEachStore } from "../support/test-server.js";
import { endOf, simulateTask } from "../support/tasks.js";

const patience = { timeout: 20_000, interval: 50 };
const longMs = 600_000;

describeOnEachStore("tasks", (store) => {
  const start = (overrides = {}) => store.start({ TESTING: "on", TASK_DRAIN_MS: "0", ...overrides });

  test("a task that is started runs, and is kept with its result", async () => {
    await using server = await start();
    const alice = await server.newUser();
    const started = await alice.client.tasks.start.mutate({
      kind: "prune-jobs",
      input: { finishedBeforeDays: 1 },
    });
    expect(started).toMatchObject({
      ownerId: alice.sub,
      kind: "prune-jobs",
      status: "running",
      progress: 0,
      result: null,
      error: null,
    });
    expect(started.startedAt).toBeInstanceOf(Date);
    const ended = await endOf(alice.client, started);
    expect(ended).toMatchObject({ id: started.id, status: "completed", progress: 1, result: { jobs: 0 } });
    expect(ended.startedAt).toEqual(started.startedAt);
  });

  test("a task that fails says why", async () => {
    await using server = await start();
    const alice = await server.newUser();
    const service = await server.newService();
    const task = await simulateTask(server, service.token, {
      ownerId: alice.sub,
      durationMs: 0,
      fail: "no disk",
    });
    expect(await endOf(alice.client, task)).toMatchObject({
      status: "failed",
      error: "no disk",
      result: null,
    });
  });

  test("an unknown kind is refused with the kinds there are", async () => {
    await using server = await start();
    const { client } = await server.newUser();
    for (const kind of ["mine-bitcoin", "", 7, undefined]) {
      // @ts-expect-error no such kind
      const refusal = await refusalOf(client.tasks.start.mutate({ kind, input: {} }));
      expect(refusal).toMatchObject({ code: "BAD_REQUEST", reason: "INPUT_INVALID", status: 400 });
      expect(refusal.message).toContain("export-events, prune-jobs");
    }
  });

  test.each([
    ["export-events", undefined, "input"],
    ["export-events", {}, "input.jobId"],
    ["export-events", { jobId: 7 }, "input.jobId"],
    ["export-events", { jobId: "" }, "input.jobId"],
    ["export-events", { jobId: "j".repeat(129) }, "input.jobId"],
    ["export-events", { jobId: "j", format: "csv" }, "format"],
    ["prune-jobs", {}, "input.finishedBeforeDays"],
    ["prune-jobs", { finishedBeforeDays: -1 }, "input.finishedBeforeDays"],
    ["prune-jobs", { finishedBeforeDays: 0.5 }, "input.finishedBeforeDays"],
    ["prune-jobs", { finishedBeforeDays: "7" }, "input.finishedBeforeDays"],
    ["prune-jobs", { finishedBeforeDays: 7, jobId: "j" }, "jobId"],
  ])("%s refuses the input %j and names what is wrong", async (kind, input, field) => {
    await using server = await start();
    const { client } = await server.newUser();
    // @ts-expect-error wrong on purpose
    const refusal = await refusalOf(client.tasks.start.mutate({ kind, input }));
    expect(refusal).toMatchObject({ code: "BAD_REQUEST", reason: "INPUT_INVALID" });
    expect(refusal.message).toContain(field);
    expect((await client.tasks.list.query()).items).toEqual([]);
  });

  test("somebody's own tasks are listed, newest first, as many as asked for", async () => {
    await using server = await start();
    const alice = await server.newUser();
    const bob = await server.newUser();
    const input = { kind: "prune-jobs", input: { finishedBeforeDays: 1 } } as const;
    const ids: string[] = [];
    for (let number = 0; number < 5; number++) {
      const task = await alice.client.tasks.start.mutate(input);
      ids.push((await endOf(alice.client, task)).id);
    }
    await bob.client.tasks.start.mutate(input);
    const idsOf = async (limit?: number) => {
      const { items } = await alice.client.tasks.list.query(limit === undefined ? undefined : { limit });
      return items.map(({ id }) => id);
    };
    expect(await idsOf()).toEqual(ids.toReversed());
    expect(await idsOf(2)).toEqual(ids.toReversed().slice(0, 2));
    for (const limit of [0, 101, 1.5]) {
      expect((await refusalOf(alice.client.tasks.list.query({ limit }))).code).toBe("BAD_REQUEST");
    }
  });

  test("a task of somebody else is one that does not exist; services see all", async () => {
    await using server = await start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const { id: taskId } = await simulateTask(server, service.token, {
      ownerId: alice.sub,
      durationMs: longMs,
    });
    const unknown = await refusalOf(bob.client.tasks.get.query({ taskId: "unknown" }));
    expect(unknown).toMatchObject({ code: "NOT_FOUND", reason: "TASK_NOT_FOUND", status: 404 });
    for (const call of [
      () => bob.client.tasks.get.query({ taskId }),
      () => bob.client.tasks.cancel.mutate({ taskId }),
    ]) {
      const refusal = await refusalOf(call());
      expect({ ...refusal, message: refusal.message.replace(taskId, "unknown") }).toEqual(unknown);
    }
    expect(await service.client.tasks.get.query({ taskId })).toMatchObject({ status: "running" });
    await service.client.tasks.cancel.mutate({ taskId });
    expect(await alice.client.tasks.get.query({ taskId })).toMatchObject({ status: "cancelled" });
  });

  test("a user of a service's name is not that service", async () => {
    await using server = await start();
    const service = await server.newService();
    const namesake = server.client(await server.token(service.sub));
    const { id: taskId } = await simulateTask(server, service.token, { durationMs: 0 });
    expect((await refusalOf(namesake.tasks.get.query({ taskId }))).reason).toBe("TASK_NOT_FOUND");
    expect((await namesake.tasks.list.query()).items).toEqual([]);
    expect((await service.client.tasks.list.query()).items.map(({ id }) => id)).toEqual([taskId]);
  });

  test("a running task can be cancelled, once", async () => {
    await using server = await start();
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: taskId } = await simulateTask(server, service.token, {
      ownerId: alice.sub,
      durationMs: longMs,
    });
    const cancelled = await alice.client.tasks.cancel.mutate({ taskId });
    expect(cancelled).toMatchObject({ id: taskId, status: "cancelled", error: "Cancelled.", result: null });
    expect(await alice.client.tasks.get.query({ taskId })).toEqual(cancelled);
    const again = await refusalOf(alice.client.tasks.cancel.mutate({ taskId }));
    expect(again).toMatchObject({ code: "CONFLICT", reason: "TASK_FINISHED", status: 409 });
    expect(again.message).toContain("cancelled");
  });

  test("a task that has completed cannot be cancelled and stays completed", async () => {
    await using server = await start();
    const { client } = await server.newUser();
    const task = await client.tasks.start.mutate({ kind: "prune-jobs", input: { finishedBeforeDays: 1 } });
    const ended = await endOf(client, task);
    const refusal = await refusalOf(client.tasks.cancel.mutate({ taskId: task.id }));
    expect(refusal).toMatchObject({ code: "CONFLICT", reason: "TASK_FINISHED" });
    expect(await client.tasks.get.query({ taskId: task.id })).toEqual(ended);
  });

  test("of those who race to cancel exactly one does", async () => {
    await using server = await start();
    const alice = await server.newUser();
    const service = await server.newService();
    const { id: taskId } = await simulateTask(server, service.token, {
      ownerId: alice.sub,
      durationMs: longMs,
    });
    const calls = Array.from({ length: 20 }, () => alice.client.tasks.cancel.mutate({ taskId }));
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("somebody with as many tasks as allowed is refused one more, others are not", async () => {
    await using server = await start({ TASKS_MAX_RUNNING_PER_USER: "2", TASKS_MAX_RUNNING: "3" });
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const input = { kind: "prune-jobs", input: { finishedBeforeDays: 1 } } as const;
    const running = [
      await simulateTask(server, service.token, { ownerId: alice.sub, durationMs: longMs }),
      await simulateTask(server, service.token, { ownerId: alice.sub, durationMs: longMs }),
    ];
    const busy = { code: "TOO_MANY_REQUESTS", reason: "TASKS_BUSY", status: 429 };
    const own = await refusalOf(alice.client.tasks.start.mutate(input));
    expect(own).toMatchObject(busy);
    expect(own.message).toContain("2 tasks");
    await endOf(bob.client, await bob.client.tasks.start.mutate(input));
    await vi.waitFor(
      () => simulateTask(server, service.token, { ownerId: bob.sub, durationMs: longMs }),
      patience,
    );
    expect(await refusalOf(bob.client.tasks.start.mutate(input))).toMatchObject(busy);
    await alice.client.tasks.cancel.mutate({ taskId: running[0]?.id ?? "" });
    const next = await vi.waitFor(() => alice.client.tasks.start.mutate(input), patience);
    expect(await endOf(alice.client, next)).toMatchObject({ status: "completed" });
  });

  test("a refused start takes no place", async () => {
    await using server = await start({ TASKS_MAX_RUNNING_PER_USER: "1" });
    const { client } = await server.newUser();
    for (let attempt = 0; attempt < 3; attempt++) {
      const call = client.tasks.start.mutate({ kind: "export-events", input: { jobId: "unknown" } });
      expect((await refusalOf(call)).reason).toBe("JOB_NOT_FOUND");
    }
    const task = await client.tasks.start.mutate({ kind: "prune-jobs", input: { finishedBeforeDays: 1 } });
    expect(await endOf(client, task)).toMatchObject({ status: "completed" });
  });

  test("a task that has ended is gone after its time", async () => {
    await using server = await start({ HISTORY_TTL_S: "1" });
    const { client } = await server.newUser();
    const task = await client.tasks.start.mutate({ kind: "prune-jobs", input: { finishedBeforeDays: 1 } });
    await vi.waitFor(async () => {
      const call = client.tasks.get.query({ taskId: task.id });
      expect((await refusalOf(call)).reason).toBe("TASK_NOT_FOUND");
    }, patience);
    expect((await client.tasks.list.query()).items).toEqual([]);
  });

  test("who has no token starts, sees and cancels nothing", async () => {
    await using server = await start();
    const client = server.client();
    for (const call of [
      () => client.tasks.start.mutate({ kind: "prune-jobs", input: { finishedBeforeDays: 1 } }),
      () => client.tasks.get.query({ taskId: "any" }),
      () => client.tasks.list.query(),
      () => client.tasks.cancel.mutate({ taskId: "any" }),
    ]) {
      expect(await refusalOf(call())).toMatchObject({ code: "UNAUTHORIZED", status: 401 });
    }
  });
});
