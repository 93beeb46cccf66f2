import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { createAppRouter } from "../app-router.js";
import type { Config } from "../config.js";
import type { Services } from "../open-services.js";
import type { Telemetry } from "../store/telemetry.js";
import { createSseHandler, type SseHandler } from "../sse/index.js";
import { createAnswerHeaders } from "./protection/answer-headers.js";
import { createCallLimiter } from "./protection/call-limiter.js";
import { createContext } from "./auth/context.js";
import { addCrossOriginProtection } from "./protection/cross-origin-protection.js";
import { addCrossOriginSharing } from "./protection/cross-origin-sharing.js";
import { addDashboardRoutes } from "./routes/dashboard-routes.js";
import { addDevTokenRoute } from "./auth/dev-token-route.js";
import type { DevelopmentCode } from "./auth/development-code.js";
import { addErrorAnswers } from "./error-answers.js";
import { AnswersInHand } from "./graceful-close.js";
import { createHttpServer } from "./http-server.js";
import { addJsonBodies } from "./json-bodies.js";
import { addJobOutputRoute } from "./routes/job-output-route.js";
import { addHealthRoutes, type HealthRoutesOptions } from "./routes/health-routes.js";
import { logFailure } from "./log-failure.js";
import { addMetricsRoute } from "./metrics/metrics-route.js";
import { addOpenApiRoute } from "./open-api/route.js";
import { addPlainCallRoutes } from "./plain-calls/routes.js";
import { addPlainStreamRoutes } from "./routes/plain-stream-routes.js";
import { refuseBytes, refuseUrl } from "./protection/refuse-malformed.js";
import { addSseCallbackRoute, type SseCallbackRouteOptions } from "./routes/sse-callback-route.js";
import { addTaskExportRoute } from "./routes/task-export-route.js";
import { addTestingRoutes } from "./routes/testing-routes.js";
import { addSendMetric, addStreamMetrics } from "./metrics/stream-metrics.js";
import type { TokenSigner, TokenVerifier } from "./auth/tokens.js";
import { addTrpcRoute, trpcPath } from "./routes/trpc-route.js";

export interface AppOptions extends HealthRoutesOptions {
  readonly config: Pick<
    Config,
    "sse" | "calls" | "corsOrigins" | "isTesting" | "metricsToken" | "trustProxy" | "pictureOrigins"
  >;
  readonly services: Services;
  /** Present: an outside gateway may say who connects to it. */
  readonly callbacks: SseCallbackRouteOptions | null;
  readonly tokens: TokenVerifier;
  /** Present: development tokens are handed out. */
  readonly devSigner: TokenSigner | null;
  /** Not in production. */
  readonly developmentCode: DevelopmentCode | null;
  readonly telemetry: Telemetry | undefined;
  /** Present: the folder of the dashboard, served at `/`. */
  readonly dashboard: string | undefined;
  readonly log: FastifyBaseLogger;
  /** Where the metrics of this server are. */
  readonly registry: Registry;
  /** As far as this process knows; `ping` asks. */
  readonly isStoreReachable: () => boolean;
  /** In Prometheus' text format, of all processes. */
  readonly metrics: () => Promise<string>;
}

export interface App {
  readonly server: FastifyInstance;
  /** To be drained before the server is closed. */
  readonly sse: SseHandler;
  /** Stops listening, answers the calls in hand and closes. */
  close(): Promise<void>;
}

const maxBodyBytes = 1_048_576;

/** Everything that is HTTP. URLs are not logged: tRPC's connectionParams put tokens into them. */
export async function createApp(options: AppOptions): Promise<App> {
  const {
    config,
    services,
    callbacks,
    telemetry,
    tokens,
    devSigner,
    developmentCode: code,
    dashboard,
    log,
    registry,
    metrics,
  } = options;
  const router = createAppRouter(services);
  const sse = createSseHandler({
    ...config.sse,
    router,
    basePath: `${trpcPath}/`,
    createContext: ({ req, info }) => createContext(req, info.connectionParams, tokens),
    identify: ({ authenticate }) => authenticate(),
    onError: ({ error, path }) => logFailure(log, error, path),
    onSend: addSendMetric(registry),
    ...(telemetry && {
      onReconnect: (service, { headers }) => telemetry.reconnected(service, headerOf(headers.traceparent)),
    }),
  });
  const answers = new AnswersInHand();
  const putHeaders = createAnswerHeaders(config);
  const server = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger for each request would only add a number that stands in no other line.
    childLoggerFactory: (logger) => logger,
    bodyLimit: maxBodyBytes,
    serverFactory: createHttpServer({
      sse,
      prepare(request, response) {
        answers.add(response);
        putHeaders(request, response);
      },
    }),
    frameworkErrors: refuseUrl,
    clientErrorHandler: refuseBytes,
    forceCloseConnections: "idle",
    // A call that still comes in is answered like those before it: Fastify would say 503 in words that no client of tRPC reads.
    return503OnClosing: false,
    trustProxy: trustedProxies(config.trustProxy),
    routerOptions: { maxParamLength: 5000 },
  });
  addStreamMetrics(registry, () => sse.statistics());
  addErrorAnswers(server);
  addJsonBodies(server);
  await addCrossOriginSharing(server, config.corsOrigins);
  addCrossOriginProtection(server, config.corsOrigins);
  if (telemetry)
    server.addHook("preHandler", ({ headers }, _reply, done) =>
      telemetry.within(headerOf(headers.traceparent), done),
    );
  const limitCalls = await createCallLimiter(server, config.calls);
  addHealthRoutes(server, options);
  addMetricsRoute(server, { metrics, tokens, code, metricsToken: config.metricsToken });
  if (devSigner && code) addDevTokenRoute(server, devSigner, code);
  if (dashboard !== undefined)
    await addDashboardRoutes(server, {
      folder: dashboard,
      tokens,
      handsOutTokens: devSigner !== null,
      isStoreReachable: options.isStoreReachable,
      pictureOrigins: config.pictureOrigins,
    });
  addPlainStreamRoutes(server, { sse, services, tokens });
  addJobOutputRoute(server, { services, tokens, limitCalls });
  addTaskExportRoute(server, { services, tokens, limitCalls });
  if (callbacks) addSseCallbackRoute(server, callbacks);
  if (config.isTesting) addTestingRoutes(server, { services, tokens, code });
  addPlainCallRoutes(server, { router, tokens, limitCalls });
  addOpenApiRoute(server, router);
  await addTrpcRoute(server, { router, tokens, limitCalls });
  return { server, sse, close: () => answers.close(server) };
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** So many proxies stand before this server, or those at these addresses do. */
function trustedProxies(trusted: AppOptions["config"]["trustProxy"]) {
  return typeof trusted === "number" ? (_address: string, hop: number) => hop < trusted : trusted;
}
