import { roles } from "@jobwire/shared";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { TokenSigner } from "./tokens.js";

const querySchema = z.object({
  sub: z.string().min(1).max(256),
  role: z.enum(roles).default("user"),
});

const lifetimeMs = 12 * 60 * 60 * 1000;

/**
 * `GET /api/dev/token?sub=alice&role=user`: tokens for development. Only for callers on this machine, asked for by a
 * loopback name (a page of another site that resolves to loopback is refused) and not through a proxy.
 */
export function addDevTokenRoute(app: FastifyInstance, signer: TokenSigner): void {
  app.get("/api/dev/token", async (request, reply) => {
    const isLocal =
      loopbackAddress.test(request.socket.remoteAddress ?? "") &&
      loopbackHost.test(request.headers.host ?? "") &&
      request.headers["x-forwarded-for"] === undefined &&
      request.headers.forwarded === undefined;
    if (!isLocal) return reply.code(403).send({ message: "Development tokens are given on loopback only." });
    const query = querySchema.safeParse(request.query);
    if (!query.success) return reply.code(400).send({ message: z.prettifyError(query.error) });
    const { sub, role } = query.data;
    const expiresAt = new Date(Date.now() + lifetimeMs);
    return reply
      .header("cache-control", "no-store")
      .send({ token: await signer.sign({ userId: sub, role, expiresAt }), sub, role, expiresAt });
  });
}

const loopbackAddress = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const loopbackHost = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;
