import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";

/** Mutations over connections that are kept, one for each call under way, with as little around them as can be. */
export class ProcedureCalls implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

  constructor(private readonly port: number) {}

  /** @throws Error with what the server said, unless it answered 200 */
  async mutate(procedure: string, token: string, input: object): Promise<void> {
    const body = JSON.stringify({ json: input });
    const call = request({
      agent: this.#agent,
      port: this.port,
      host: "127.0.0.1",
      method: "POST",
      path: `/trpc/${procedure}`,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      },
    }).end(body);
    const [response] = (await once(call, "response")) as [IncomingMessage];
    const text = Buffer.concat(await response.toArray()).toString();
    if (response.statusCode !== 200) throw new Error(`${procedure}: ${response.statusCode} ${text}`);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
