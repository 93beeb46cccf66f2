import cors from "@fastify/cors";
import { fastify } from "fastify";
import { createSecretTokens } from "../../../server/src/http/auth/secret-tokens.js";
import { createHttpServer } from "../../../server/src/http/http-server.js";
import { addTrpcRoute } from "../../../server/src/http/routes/trpc-route.js";
import { tokenSecret } from "../token.js";
import { listenWith } from "./listen.js";
import { topicContender } from "./topic-server.js";

const tokens = createSecretTokens(tokenSecret);

/** The server's own parts from the store to its HTTP server without what the application has around them; tokens are verified. */
export const transport = topicContender({
  name: "transport",
  tokens,
  async listen({ sse, router }) {
    const app = fastify({
      forceCloseConnections: true,
      serverFactory: createHttpServer({ sse, prepare() {} }),
      routerOptions: { maxParamLength: 5000 },
    });
    await app.register(cors, { origin: [], credentials: true });
    await addTrpcRoute(app, { router, tokens, limitCalls: async () => {} });
    return listenWith(app);
  },
});
