import cookie from "@fastify/cookie";
import cors from "@fastify/cors";
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import type { AppRouter } from "../app-router.js";
import { addDevTokenRoute } from "./dev-token-route.js";
import { addHealthRoutes } from "./health-routes.js";
import { addTrpcRoute } from "./trpc-route.js";
import type { TokenSigner, TokenVerifier } from "./tokens.js";

export interface AppOptions {
  readonly router: AppRouter;
  readonly tokens: TokenVerifier;
  /** Present: development tokens are handed out. */
  readonly devSigner: TokenSigner | null;
  readonly corsOrigins: readonly string[];
  readonly heartbeatMs: number;
  readonly log: FastifyBaseLogger;
  readonly ping: () => Promise<void>;
}

const maxBodyBytes = 1_048_576;

/** Everything that is HTTP. URLs are not logged: tRPC's connectionParams put tokens into them. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBodyBytes,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 5000 },
  });
  await app.register(cookie);
  await app.register(cors, { origin: [...options.corsOrigins], credentials: true });
  addHealthRoutes(app, options.ping);
  if (options.devSigner) addDevTokenRoute(app, options.devSigner);
  await addTrpcRoute(app, options);
  return app;
}
