import {
  jobEventsInputSchema,
  jobFeedInputSchema,
  jobOutputInputSchema,
  sessionEventsInputSchema,
  spoolUpdatesInputSchema,
  workWatchInputSchema,
} from "@jobwire/shared";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Services } from "../../open-services.js";
import type { Principal } from "../../principal.js";
import type { SseHandler } from "../../sse/index.js";
import { lastEventIdHeaderOf } from "../../sse/last-event-id.js";
import type { EventStream } from "../../streams/event-stream.js";
import { requireRole } from "../../trpc.js";
import { createContext } from "../auth/context.js";
import { logFailure } from "../log-failure.js";
import { readInput } from "../read-input.js";
import type { TokenVerifier } from "../auth/tokens.js";
import { passHeaders } from "./pass-headers.js";

export interface PlainStreamRoutesOptions {
  readonly sse: SseHandler;
  readonly services: Pick<Services, "jobs" | "jobOutputs" | "work" | "spools" | "sessionStreams">;
  readonly tokens: TokenVerifier;
}

type OpenStream = (caller: Principal, signal: AbortSignal) => Promise<EventStream<object>>;

/** Plain SSE for consumers without tRPC: the same events, as plain JSON. */
export function addPlainStreamRoutes(
  app: FastifyInstance,
  { sse, services, tokens }: PlainStreamRoutesOptions,
): void {
  const { jobs, jobOutputs, work, spools, sessionStreams } = services;
  const serve = async (request: FastifyRequest, reply: FastifyReply, service: string, open: OpenStream) => {
    passHeaders(reply);
    reply.hijack();
    const { authenticate } = createContext(request.raw, null, tokens);
    await sse.plain(request.raw, reply.raw, {
      service,
      identify: authenticate,
      open: async (signal) => open(await authenticate(), signal),
      onError: (error) => logFailure(request.log, error, request.routeOptions.url),
    });
  };

  app.get<{ Params: { jobId: string } }>(
    "/api/jobs/:jobId/events/stream",
    { exposeHeadRoute: false },
    (request, reply) =>
      serve(request, reply, "jobs", async (caller, signal) => {
        const input = readInput(jobStreamSchema, { ...queryOf(request), jobId: request.params.jobId });
        return jobs.events(caller, input, signal);
      }),
  );

  app.get<{ Params: { jobId: string } }>(
    "/api/jobs/:jobId/output/stream",
    { exposeHeadRoute: false },
    (request, reply) =>
      serve(request, reply, "jobs", async (caller, signal) => {
        const { jobId, ...input } = readInput(jobOutputInputSchema, {
          ...queryOf(request),
          jobId: request.params.jobId,
        });
        return jobOutputs.stream(await jobs.find(caller, jobId), input, signal);
      }),
  );

  app.get("/api/jobs/stream", { exposeHeadRoute: false }, (request, reply) =>
    serve(request, reply, "jobs", async (caller, signal) =>
      jobs.feed(caller, readInput(jobFeedInputSchema, feedQueryOf(request)), signal),
    ),
  );

  app.get("/api/work/stream", { exposeHeadRoute: false }, (request, reply) =>
    serve(request, reply, "work", async (caller, signal) => {
      requireRole(caller, "service", "/api/work/stream");
      return work.watch(readInput(workWatchInputSchema, queryOf(request)), signal);
    }),
  );

  app.get("/api/spools/stream", { exposeHeadRoute: false }, (request, reply) =>
    serve(request, reply, "spools", async (_caller, signal) => {
      const input = readInput(spoolUpdatesInputSchema, queryOf(request));
      return spools.updates(input, signal);
    }),
  );

  app.get("/api/sse/stream", { exposeHeadRoute: false }, (request, reply) =>
    serve(request, reply, "sessions", async (caller, signal) => {
      const { request_id: requestId, lastEventId } = readInput(sessionStreamSchema, queryOf(request));
      return sessionStreams.open(caller, { requestId, lastEventId, signal });
    }),
  );
}

/** In a query string `types` is a list with commas. */
const typesSchema = z
  .string()
  .transform((text) => text.split(","))
  .pipe(jobEventsInputSchema.shape.types.unwrap())
  .optional();

const jobStreamSchema = jobEventsInputSchema.extend({ types: typesSchema });

const sessionStreamSchema = z.strictObject({
  request_id: sessionEventsInputSchema.shape.requestId,
  lastEventId: sessionEventsInputSchema.shape.lastEventId,
});

function feedQueryOf(request: FastifyRequest): Record<string, unknown> {
  const { types, all, ...query } = queryOf(request);
  return {
    ...query,
    ...(types !== undefined && { types: types.split(",") }),
    ...(all !== undefined && { all: all === "true" || all }),
  };
}

function queryOf({ url, headers }: FastifyRequest): Record<string, string> {
  const start = url.indexOf("?");
  const query = Object.fromEntries(new URLSearchParams(start === -1 ? "" : url.slice(start)));
  const lastEventId = lastEventIdHeaderOf({ headers });
  // An empty header says nothing.
  return !lastEventId ? query : { ...query, lastEventId };
}
