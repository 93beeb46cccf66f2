import { announceVersionInputSchema, startTaskInputSchema } from "@jobwire/shared";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Principal } from "../principal.js";
import type { TaskService } from "../tasks/task-service.js";
import { simulateTask, taskSimulationSchema } from "../tasks/task-simulation.js";
import type { TaskOwner } from "../tasks/task-store.js";
import { requireRole } from "../trpc.js";
import type { VersionService } from "../versions/version-service.js";
import { createContext } from "./context.js";
import { readInput } from "./read-input.js";
import type { TokenVerifier } from "./tokens.js";

export interface TestingRoutesOptions {
  readonly versions: VersionService;
  readonly tasks: TaskService;
  readonly tokens: TokenVerifier;
}

/**
 * What tests of an application around Jobwire need to make happen, over plain HTTP. Only for servers in testing mode,
 * and only for services: whoever may call them speaks to everybody.
 */
export function addTestingRoutes(
  app: FastifyInstance,
  { versions, tasks, tokens }: TestingRoutesOptions,
): void {
  const authenticate = async (request: FastifyRequest): Promise<Principal> => {
    const caller = await createContext(request.raw, null, tokens).authenticate();
    requireRole(caller, "service", request.routeOptions.url ?? "");
    return caller;
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
    const owner: TaskOwner = ownerId === undefined ? caller : { role: "user", userId: ownerId };
    return reply
      .code(202)
      .send(await tasks.startWork(owner, "prune-jobs", async () => simulateTask(simulation)));
  });
}
