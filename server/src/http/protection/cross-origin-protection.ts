import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../app-error.js";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * A browser sends its cookies, and comes from a trusted machine, whichever page asks. So what may change something and
 * has no header Authorization is accepted only from pages of this server's own origin and of those that CORS allows.
 * Source: Go's `http.CrossOriginProtection`; a request that says nothing of its origin comes from no browser of today.
 */
export function addCrossOriginProtection(app: FastifyInstance, allowedOrigins: readonly string[]): void {
  app.addHook("onRequest", (request, _reply, done) => {
    const { method, headers } = request;
    const isHarmless = safeMethods.has(method) || headers.authorization !== undefined;
    if (isHarmless || isOwnOrAllowed(request, allowedOrigins)) return done();
    done(
      new AppError(
        "ORIGIN_REFUSED",
        "The page that sent this is of another site; add its origin to CORS_ORIGINS, or send the token in the header Authorization.",
      ),
    );
  });
}

function isOwnOrAllowed({ headers }: FastifyRequest, allowedOrigins: readonly string[]): boolean {
  const { origin, host, "sec-fetch-site": site } = headers;
  if (origin !== undefined && allowedOrigins.includes(origin)) return true;
  if (site !== undefined) return site === "same-origin" || site === "none";
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
