import { listTasksInputSchema, startTaskInputSchema, taskIdSchema } from "@jobwire/shared";
import { z } from "zod";
import { router, userProcedure } from "../trpc.js";
import type { TaskService } from "./task-service.js";

const taskInputSchema = z.strictObject({ taskId: taskIdSchema });

export function createTaskRouter(tasks: TaskService) {
  return router({
    start: userProcedure
      .input(startTaskInputSchema)
      .mutation(({ ctx, input }) => tasks.start(ctx.principal, input)),

    get: userProcedure
      .input(taskInputSchema)
      .query(({ ctx, input }) => tasks.get(ctx.principal, input.taskId)),

    list: userProcedure
      .input(listTasksInputSchema)
      .query(async ({ ctx, input }) => ({ items: await tasks.list(ctx.principal, input) })),

    cancel: userProcedure
      .input(taskInputSchema)
      .mutation(({ ctx, input }) => tasks.cancel(ctx.principal, input.taskId)),
  });
}
