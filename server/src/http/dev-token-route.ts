import { roles } from "@jobwire/shared";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { isLocal } from "./local-request.js";
import type { TokenSigner } from "./tokens.js";

const querySchema = z.object({
  sub: z.string().min(1).max(256),
  role: z.enum(roles).default("user"),
});

const lifetimeMs = 12 * 60 * 60 * 1000;

/**
 * `GET /api/dev/token?sub=alice&role=user`: tokens for development. Only for callers on this machine.
 */
export function addDevTokenRoute(app: FastifyInstance, signer: TokenSigner): void {
  app.get("/api/dev/token", async (request, reply) => {
    if (!isLocal(request))
      return reply.code(403).send({ message: "Development tokens are given on loopback only." });
    const query = querySchema.safeParse(request.query);
    if (!query.success) return reply.code(400).send({ message: z.prettifyError(query.error) });
    const { sub, role } = query.data;
    const expiresAt = new Date(Date.now() + lifetimeMs);
    return reply
      .header("cache-control", "no-store")
      .send({ token: await signer.sign({ userId: sub, role, expiresAt }), sub, role, expiresAt });
  });
}
