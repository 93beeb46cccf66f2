import { announceVersionInputSchema, startTaskInputSchema } from "@jobwire/shared";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../app-error.js";
import type { Services } from "../../open-services.js";
import type { Caller } from "../../principal.js";
import { simulateTask, taskSimulationSchema } from "../../tasks/task-simulation.js";
import { requireRole } from "../../trpc.js";
import { createContext } from "../auth/context.js";
import type { DevelopmentCode } from "../auth/development-code.js";
import { readInput } from "../read-input.js";
import type { TokenVerifier } from "../auth/tokens.js";

export interface TestingRoutesOptions {
  readonly services: Pick<Services, "versions" | "tasks">;
  readonly tokens: TokenVerifier;
  readonly code: DevelopmentCode | null;
}

/**
 * What tests of an application around Jobwire need to make happen, over plain HTTP. Only for servers in testing mode:
 * for services, and for who knows the code that the server printed at its start: whoever calls them speaks to everybody. A
 * token that is given must be a service's.
 */
export function addTestingRoutes(
  app: FastifyInstance,
  { services: { versions, tasks }, tokens, code }: TestingRoutesOptions,
): void {
  const authenticate = async (request: FastifyRequest): Promise<Caller> => {
    try {
      const caller = await createContext(request.raw, null, tokens).authenticate();
      requireRole(caller, "service", request.routeOptions.url ?? "");
      return caller;
    } catch (error) {
      const isAnonymous = error instanceof AppError && error.reason === "TOKEN_MISSING";
      if (isAnonymous && code?.isKnownTo(request)) return { userId: "testing", role: "service" };
      throw error;
    }
  };

  app.post("/api/testing/deployments/version", async (request, reply) => {
    await authenticate(request);
    const announced = readInput(announceVersionInputSchema, request.body);
    return reply.send({ delivered: await versions.announce(announced) });
  });

  app.post("/api/testing/tasks", async (request, reply) => {
    const caller = await authenticate(request);
    const body = request.body ?? {};
    if (typeof body === "object" && "kind" in body) {
      return reply.code(202).send(await tasks.start(caller, readInput(startTaskInputSchema, body)));
    }
    const { ownerId, ...simulation } = readInput(taskSimulationSchema, body);
    const owner: Caller = ownerId === undefined ? caller : { role: "user", userId: ownerId };
    return reply
      .code(202)
      .send(await tasks.startWork(owner, "simulate", async () => simulateTask(simulation)));
  });
}
