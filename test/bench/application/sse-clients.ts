import { get, Agent, type IncomingMessage } from "node:http";
import { once } from "node:events";

/** Streams that are read and counted, and nothing more. */
export class SseClients implements Disposable {
  events = 0;
  /** Of the first stream: milliseconds from an event's timestamp to its receipt. */
  readonly latencies: number[] = [];
  readonly #agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
  readonly #open: IncomingMessage[] = [];
  #wanted = { events: Number.POSITIVE_INFINITY, reached: () => {} };

  async open(url: string, headers: Record<string, string> = {}): Promise<void> {
    const request = get(url, { headers, agent: this.#agent });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
    this.#open.push(response);
    response.on("error", () => {});
    const isFirst = this.#open.length === 1;
    response.on("data", (chunk: Buffer) => {
      if (isFirst) this.#time(chunk);
      this.#count(chunk);
    });
  }

  /** Resolves when so many more events have come. */
  more(events: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted = { events: this.events + events, reached: resolve };
    });
  }

  [Symbol.dispose](): void {
    for (const response of this.#open) response.destroy();
    this.#agent.destroy();
  }

  #time(chunk: Buffer): void {
    const now = Date.now();
    for (const [, timestamp = ""] of chunk.toString("latin1").matchAll(/"timestamp":"([^"]+)"/g))
      this.latencies.push(now - Date.parse(timestamp));
  }

  #count(chunk: Buffer): void {
    for (let at = chunk.indexOf("data: {"); at !== -1; at = chunk.indexOf("data: {", at + 1))
      this.events += 1;
    if (this.events >= this.#wanted.events) this.#wanted.reached();
  }
}
