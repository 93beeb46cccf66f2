import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { createContext } from "../auth/context.js";
import type { TokenVerifier } from "../auth/tokens.js";

export interface DashboardOptions {
  /** The built page: `index.html` and, under `assets/`, what it loads, named by content. */
  readonly folder: string;
  readonly tokens: TokenVerifier;
  readonly handsOutTokens: boolean;
  /** Whether the store is there, as far as this process knows. Costs nothing. */
  readonly isStoreReachable: () => boolean;
  /** Where pictures may come from besides the page's own origin. */
  readonly pictureOrigins: readonly string[];
}

/** The paths of the page, which finds its way by itself from there. */
const pagePaths = ["/", "/jobs/:jobId", "/spools", "/session", "/fleet", "/operations"] as const;
const expiredCookie = "jobwire_token=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";
/** Whoever asks for something here is a program. */
const programPath = /^\/(api|trpc|assets|metrics|healthz|readyz)(\/|$)/;

/** Serves the dashboard, and tells it who is signed in: by the cookie of the host application, say. */
export async function addDashboardRoutes(
  app: FastifyInstance,
  { folder, tokens, handsOutTokens, isStoreReachable, pictureOrigins }: DashboardOptions,
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
  const sendPage = (reply: FastifyReply) =>
    reply.header("cache-control", "no-cache").sendFile("index.html", folder, { cacheControl: false });
  for (const path of pagePaths) app.get(path, (_request, reply) => sendPage(reply));
  // A person who mistyped an address gets the page, which says so; a program gets its error.
  app.get("/*", (request, reply) => {
    const [path = ""] = request.url.split("?", 1);
    const isPerson = request.headers.accept?.includes("text/html") ?? false;
    if (!isPerson || programPath.test(path)) return reply.callNotFound();
    return sendPage(reply.code(404));
  });
  app.get("/api/page", (_request, reply) =>
    reply.header("cache-control", "no-store").send({ pictureOrigins }),
  );
  app.get("/api/whoami", async (request, reply) => {
    const caller = await createContext(request.raw, null, tokens)
      .authenticate()
      .catch(() => null);
    return reply.header("cache-control", "no-store").send({
      caller: caller && { userId: caller.userId, role: caller.role },
      handsOutTokens,
      store: isStoreReachable() ? "up" : "away",
    });
  });
  // A script cannot: a cookie that signs somebody in is hidden from scripts.
  app.post("/api/sign-out", (_request, reply) => {
    return reply.code(204).headers({ "cache-control": "no-store", "set-cookie": expiredCookie }).send();
  });
}
