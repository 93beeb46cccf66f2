import { createServer } from "node:http";
import { fastify } from "fastify";
import { Registry } from "prom-client";
import { createSecretTokens } from "../../../server/src/http/auth/secret-tokens.js";
import { addErrorAnswers } from "../../../server/src/http/error-answers.js";
import { AnswersInHand } from "../../../server/src/http/graceful-close.js";
import { createHttpServer } from "../../../server/src/http/http-server.js";
import { addSendMetric, addStreamMetrics } from "../../../server/src/http/metrics/stream-metrics.js";
import { createAnswerHeaders } from "../../../server/src/http/protection/answer-headers.js";
import { createCallLimiter } from "../../../server/src/http/protection/call-limiter.js";
import { addCrossOriginProtection } from "../../../server/src/http/protection/cross-origin-protection.js";
import { addCrossOriginSharing } from "../../../server/src/http/protection/cross-origin-sharing.js";
import { addTrpcRoute } from "../../../server/src/http/routes/trpc-route.js";
import { tokenSecret } from "../token.js";
import { listen, listenWith } from "./listen.js";
import { topicContender, type TopicParts } from "./topic-server.js";

const tokens = createSecretTokens(tokenSecret);

/** The SSE handler and what is behind it, alone on node:http. */
export const handlerLayer = topicContender({
  name: "layer-handler",
  listen: serveAlone,
});

/** The same with the token of each stream verified. `transport` has Fastify beside it. */
export const tokenLayer = topicContender({
  name: "layer-token",
  tokens,
  listen: serveAlone,
});

/** The transport with what the application has for every request. */
export const headersLayer = topicContender({
  name: "layer-headers",
  tokens,
  async listen({ sse, router }) {
    const app = await guardedApp(sse);
    await addTrpcRoute(app, { router, tokens, limitCalls: async () => {} });
    return listenWith(app);
  },
});

const registry = new Registry();

/** The same with limits and metrics: all of the application but what its procedures do. */
export const limitsLayer = topicContender({
  name: "layer-limits",
  tokens,
  onSend: addSendMetric(registry),
  async listen({ sse, router }) {
    addStreamMetrics(registry, () => sse.statistics());
    const app = await guardedApp(sse);
    const limitCalls = await createCallLimiter(app, { perUser: 600, perProcess: 60_000 });
    await addTrpcRoute(app, { router, tokens, limitCalls });
    return listenWith(app);
  },
});

function serveAlone({ sse }: TopicParts): Promise<number> {
  return listen(createServer((request, response) => void sse(request, response)));
}

async function guardedApp(sse: TopicParts["sse"]) {
  const answers = new AnswersInHand();
  const putHeaders = createAnswerHeaders({ pictureOrigins: [], corsOrigins: [] });
  const app = fastify({
    forceCloseConnections: "idle",
    serverFactory: createHttpServer({
      sse,
      prepare(request, response) {
        answers.add(response);
        putHeaders(request, response);
      },
    }),
    routerOptions: { maxParamLength: 5000 },
  });
  addErrorAnswers(app);
  await addCrossOriginSharing(app, []);
  addCrossOriginProtection(app, []);
  return app;
}
