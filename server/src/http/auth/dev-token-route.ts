import { roles } from "@jobwire/shared";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { DevelopmentCode } from "./development-code.js";
import type { TokenSigner } from "./tokens.js";

const querySchema = z.object({
  sub: z.string().min(1).max(256),
  role: z.enum(roles).default("user"),
});

const lifetimeMs = 12 * 60 * 60 * 1000;

/**
 * `GET /api/dev/token?sub=alice&role=user&code=…`: tokens for development. Only for who knows the code that the server
 * printed at its start.
 */
export function addDevTokenRoute(app: FastifyInstance, signer: TokenSigner, code: DevelopmentCode): void {
  app.get("/api/dev/token", async (request, reply) => {
    if (!code.isKnownTo(request)) {
      const message =
        "Development tokens are for who started the server: add &code=…, which it printed at its start.";
      return reply.code(403).send({ message });
    }
    const query = querySchema.safeParse(request.query);
    if (!query.success) return reply.code(400).send({ message: z.prettifyError(query.error) });
    const { sub, role } = query.data;
    const expiresAt = new Date(Date.now() + lifetimeMs);
    return reply
      .header("cache-control", "no-store")
      .send({ token: await signer.sign({ userId: sub, role, expiresAt }), sub, role, expiresAt });
  });
}
