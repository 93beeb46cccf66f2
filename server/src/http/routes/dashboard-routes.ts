import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import { createContext } from "../auth/context.js";
import type { TokenVerifier } from "../auth/tokens.js";

export interface DashboardOptions {
  /** The built page: `index.html` and, under `assets/`, what it loads, named by content. */
  readonly folder: string;
  readonly tokens: TokenVerifier;
  readonly handsOutTokens: boolean;
  /** Where pictures may come from besides the page's own origin. */
  readonly pictureOrigins: readonly string[];
}

/** The paths of the page, which finds its way by itself from there. */
const pagePaths = ["/", "/jobs/:jobId", "/spools", "/session", "/operations"] as const;

/** Serves the dashboard, and tells it who is signed in: by the cookie of the host application, say. */
export async function addDashboardRoutes(
  app: FastifyInstance,
  { folder, tokens, handsOutTokens, pictureOrigins }: DashboardOptions,
): Promise<void> {
  // Each asset has three forms: a cache between here and the browser keeps them apart.
  app.addHook("onRequest", async ({ url }, reply) => {
    if (url.startsWith("/assets/")) reply.header("vary", "Origin, accept-encoding");
  });
  await app.register(fastifyStatic, {
    root: join(folder, "assets"),
    prefix: "/assets/",
    index: false,
    preCompressed: true,
    immutable: true,
    maxAge: "365d",
  });
  for (const path of pagePaths) {
    app.get(path, (_request, reply) =>
      reply.header("cache-control", "no-cache").sendFile("index.html", folder, { cacheControl: false }),
    );
  }
  app.get("/api/page", (_request, reply) =>
    reply.header("cache-control", "no-store").send({ pictureOrigins }),
  );
  app.get("/api/whoami", async (request, reply) => {
    const caller = await createContext(request.raw, null, tokens)
      .authenticate()
      .catch(() => null);
    return reply
      .header("cache-control", "no-store")
      .send({ caller: caller && { userId: caller.userId, role: caller.role }, handsOutTokens });
  });
}
