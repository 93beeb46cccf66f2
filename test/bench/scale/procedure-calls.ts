import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";

/**
 * Mutations over connections that are kept, one for each call under way, with as little around them as can be. They reject
 * with what the server said, unless it answered 200.
 */
export class ProcedureCalls implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

  constructor(private readonly port: number) {}

  mutate(procedure: string, token: string, input: object): Promise<void> {
    return this.#post(procedure, token, { json: input });
  }

  /** Once for each input, in one batch. */
  mutateAll(procedure: string, token: string, inputs: readonly object[]): Promise<void> {
    const path = inputs.map(() => procedure).join(",");
    return this.#post(
      `${path}?batch=1`,
      token,
      Object.fromEntries(inputs.map((json, index) => [index, { json }])),
    );
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #post(path: string, token: string, content: object): Promise<void> {
    const body = JSON.stringify(content);
    const call = request({
      agent: this.#agent,
      port: this.port,
      host: "127.0.0.1",
      method: "POST",
      path: `/trpc/${path}`,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      },
    }).end(body);
    const [response] = (await once(call, "response")) as [IncomingMessage];
    const text = Buffer.concat(await response.toArray()).toString();
    if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${text}`);
  }
}
