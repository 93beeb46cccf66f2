import { Readable } from "node:stream";
import { taskIdSchema } from "@jobwire/shared";
import type { FastifyInstance } from "fastify";
import type { Services } from "../../open-services.js";
import { taskNotFound } from "../../tasks/task-errors.js";
import type { CallLimiter } from "../protection/call-limiter.js";
import { createContext } from "../auth/context.js";
import type { TokenVerifier } from "../auth/tokens.js";

export interface TaskExportRouteOptions {
  readonly services: Pick<Services, "tasks" | "jobExports">;
  readonly tokens: TokenVerifier;
  readonly limitCalls: CallLimiter;
}

/** `GET /api/tasks/:taskId/export`: what a completed `export-events` task has made, for whoever may see the task. */
export function addTaskExportRoute(
  app: FastifyInstance,
  { services: { tasks, jobExports }, tokens, limitCalls }: TaskExportRouteOptions,
): void {
  app.get<{ Params: { taskId: string } }>(
    "/api/tasks/:taskId/export",
    { exposeHeadRoute: false },
    async (request, reply) => {
      const context = createContext(request.raw, null, tokens);
      await limitCalls(request, reply, { ...context, calls: 1 });
      const caller = await context.authenticate();
      const { taskId } = request.params;
      if (!taskIdSchema.safeParse(taskId).success) throw taskNotFound(taskId);
      const { kind, result } = await tasks.get(caller, taskId);
      if (kind !== "export-events" || result === null) throw taskNotFound(taskId);
      const { jobId, bytes, text } = await jobExports.open(taskId);
      return reply
        .header("content-type", "application/x-ndjson; charset=utf-8")
        .header("content-disposition", `attachment; filename="job-${jobId}.ndjson"`)
        .header("content-length", bytes)
        .header("cache-control", "private, no-store")
        .send(Readable.from(text, { objectMode: false }));
    },
  );
}
