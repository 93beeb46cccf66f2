import type { FastifyInstance } from "fastify";

const sweepIntervalMs = 20;
/** A call is answered within it, also when the store is away. */
const callLimitMs = 2000;

/**
 * @returns stops listening, answers the calls in hand and closes all connections; who takes no answer within
 * `callLimitMs` is cut off. Node alone would also wait for connections that are kept alive or have not asked anything.
 */
export function createGracefulClose(app: FastifyInstance): () => Promise<void> {
  let inHand = 0;
  const onAnswered = () => {
    inHand -= 1;
  };
  app.addHook("onRequest", (_request, reply, done) => {
    inHand += 1;
    reply.raw.once("close", onAnswered);
    done();
  });
  return async () => {
    const cutOffAt = performance.now() + callLimitMs;
    const sweep = setInterval(() => {
      if (inHand === 0 || performance.now() > cutOffAt) app.server.closeAllConnections();
    }, sweepIntervalMs);
    try {
      await app.close();
    } finally {
      clearInterval(sweep);
    }
  };
}
