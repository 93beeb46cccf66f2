import { Readable } from "node:stream";
import { jobOutputInputSchema } from "@jobwire/shared";
import type { FastifyInstance } from "fastify";
import type { Services } from "../../open-services.js";
import type { CallLimiter } from "../protection/call-limiter.js";
import { createContext } from "../auth/context.js";
import { readInput } from "../read-input.js";
import type { TokenVerifier } from "../auth/tokens.js";

export interface JobOutputRouteOptions {
  readonly services: Pick<Services, "jobs" | "jobOutputs">;
  readonly tokens: TokenVerifier;
  readonly limitCalls: CallLimiter;
}

const querySchema = jobOutputInputSchema.pick({ jobId: true, stage: true });

/** `GET /api/jobs/:jobId/output.txt?stage=…`: what the job's commands have written by now, as text. */
export function addJobOutputRoute(
  app: FastifyInstance,
  { services: { jobs, jobOutputs }, tokens, limitCalls }: JobOutputRouteOptions,
): void {
  app.get<{ Params: { jobId: string }; Querystring: Record<string, unknown> }>(
    "/api/jobs/:jobId/output.txt",
    { exposeHeadRoute: false },
    async (request, reply) => {
      const context = createContext(request.raw, null, tokens);
      await limitCalls(request, reply, { ...context, calls: 1 });
      const caller = await context.authenticate();
      const input = readInput(querySchema, { ...request.query, jobId: request.params.jobId });
      const { id } = await jobs.find(caller, input.jobId);
      return reply
        .header("content-type", "text/plain; charset=utf-8")
        .header("content-disposition", `inline; filename="job-${id}.txt"`)
        .header("cache-control", "private, no-store")
        .send(Readable.from(jobOutputs.text(id, input.stage), { objectMode: false }));
    },
  );
}
