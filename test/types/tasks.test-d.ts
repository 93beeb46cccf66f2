import type { AppRouter } from "@jobwire/server";
import type {
  SessionEvent,
  StartTaskInput,
  Task,
  TaskEvent,
  TaskInput,
  TaskKind,
  TaskResult,
} from "@jobwire/shared";
import type { createTRPCClient } from "@trpc/client";
import { describe, expectTypeOf, test } from "vitest";

declare const client: ReturnType<typeof createTRPCClient<AppRouter>>;

interface ExportResult {
  url: string;
  events: number;
  bytes: number;
}

describe("tasks as the client infers them", () => {
  test("every kind but simulations can be started, and each has a result and is said", () => {
    expectTypeOf<StartTaskInput["kind"]>().toEqualTypeOf<Exclude<TaskKind, "simulate">>();
    expectTypeOf<Task["kind"]>().toEqualTypeOf<TaskKind>();
    expectTypeOf<TaskEvent["kind"]>().toEqualTypeOf<TaskKind>();
    expectTypeOf<Extract<TaskEvent, { type: "task.completed" }>["kind"]>().toEqualTypeOf<TaskKind>();
    expectTypeOf<TaskEvent>().toExtend<SessionEvent>();
  });

  test("the result follows the kind", async () => {
    expectTypeOf<TaskResult<"export-events">>().toEqualTypeOf<ExportResult>();
    expectTypeOf<TaskResult<"prune-jobs">>().toEqualTypeOf<{ jobs: number }>();
    const task = await client.tasks.get.query({ taskId: "1" });
    expectTypeOf(task).toEqualTypeOf<Task>();
    expectTypeOf(task.startedAt).toEqualTypeOf<Date>();
    if (task.kind === "export-events") expectTypeOf(task.result).toEqualTypeOf<ExportResult | null>();
    else if (task.kind === "prune-jobs") expectTypeOf(task.result).toEqualTypeOf<{ jobs: number } | null>();
    else expectTypeOf(task.result).toEqualTypeOf<{ steps: number } | null>();
    const read = (event: SessionEvent) => {
      if (event.type !== "task.completed") return;
      if (event.kind === "export-events") expectTypeOf(event.result).toEqualTypeOf<ExportResult>();
      else if (event.kind === "prune-jobs") expectTypeOf(event.result).toEqualTypeOf<{ jobs: number }>();
      else expectTypeOf(event.result).toEqualTypeOf<{ steps: number }>();
    };
    expectTypeOf(read).returns.toBeVoid();
  });

  test("the input follows the kind", () => {
    expectTypeOf<TaskInput<"export-events">>().toEqualTypeOf<{ jobId: string }>();
    void client.tasks.start.mutate({ kind: "export-events", input: { jobId: "1" } });
    void client.tasks.start.mutate({ kind: "prune-jobs", input: { finishedBeforeDays: 7 } });
    void client.tasks.start.mutate({ kind: "prune-jobs", input: { finishedBeforeDays: 7, ownerId: "bob" } });
    // @ts-expect-error no such kind
    void client.tasks.start.mutate({ kind: "mine-bitcoin", input: {} });
    // @ts-expect-error the input of another kind
    void client.tasks.start.mutate({ kind: "export-events", input: { finishedBeforeDays: 7 } });
    // @ts-expect-error which job?
    void client.tasks.start.mutate({ kind: "export-events", input: {} });
    // @ts-expect-error which kind?
    void client.tasks.start.mutate({ input: { jobId: "1" } });
    // @ts-expect-error a number of days
    void client.tasks.start.mutate({ kind: "prune-jobs", input: { finishedBeforeDays: "7" } });
  });

  test("calls about a task name it", () => {
    expectTypeOf(client.tasks.list.query).returns.resolves.toEqualTypeOf<{ items: Task[] }>();
    expectTypeOf(client.tasks.cancel.mutate).returns.resolves.toEqualTypeOf<Task>();
    // @ts-expect-error which one?
    void client.tasks.cancel.mutate();
    // @ts-expect-error an id is text
    void client.tasks.get.query({ taskId: 7 });
    // @ts-expect-error a cancel is no query
    void client.tasks.cancel.query;
  });
});
