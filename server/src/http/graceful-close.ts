import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";

const sweepIntervalMs = 20;
/** A call is answered within it, also when the store is away. */
const callLimitMs = 2000;

/** Knows which requests have no answer yet, so that a server can be closed without cutting off any. */
export class AnswersInHand {
  #count = 0;
  readonly #onAnswered = () => {
    this.#count -= 1;
  };

  /** To be called for each request when it comes. */
  add(response: ServerResponse): void {
    this.#count += 1;
    response.once("close", this.#onAnswered);
  }

  /**
   * Stops listening, answers the calls in hand and closes all connections; who takes no answer within `callLimitMs` is cut
   * off. Node alone would also wait for connections that are kept alive or have not asked anything.
   */
  async close(app: FastifyInstance): Promise<void> {
    const cutOffAt = performance.now() + callLimitMs;
    const sweep = setInterval(() => {
      if (this.#count === 0 || performance.now() > cutOffAt) app.server.closeAllConnections();
    }, sweepIntervalMs);
    try {
      await app.close();
    } finally {
      clearInterval(sweep);
    }
  }
}
