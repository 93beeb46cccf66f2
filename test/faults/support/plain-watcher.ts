import { setTimeout as delay } from "node:timers/promises";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { deliveryOf, type Delivery, type Ending, type Watcher, type WatcherOptions } from "./watcher.js";

const firstRetryMs = 1000;
/** Servers of a run send a heartbeat every two seconds: this long without one, the connection is dead. */
const maxSilenceMs = 8000;

/** Plain SSE of one job, read as a program without tRPC does: it resumes with `Last-Event-ID`. */
export function watchPlain(options: WatcherOptions & { readonly jobId: string }): Watcher {
  const { name, topic, url, jobId, token } = options;
  const reader = new PlainReader(`${url}/api/jobs/${jobId}/events/stream`, token);
  return {
    name,
    kind: "job",
    topic,
    deliveries: reader.deliveries,
    get ending() {
      return reader.ending;
    },
    [Symbol.dispose]: () => reader[Symbol.dispose](),
  };
}

/** One plain stream, over all its connections. */
export class PlainReader implements Disposable {
  readonly deliveries: Delivery[] = [];
  readonly #closing = new AbortController();
  #ending: Ending = "open";
  #lastEventId: string | undefined;
  #retryMs = firstRetryMs;

  constructor(
    private readonly url: string,
    private readonly token = "",
  ) {
    void this.#run();
  }

  get ending(): Ending {
    return this.#ending;
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#ending === "open" && !signal.aborted) {
      try {
        await this.#read();
      } catch {
        // The connection broke. What matters is that the next one goes on where this one ended.
      }
      if (this.#ending === "open") await delay(this.#retryMs, undefined, { signal }).catch(() => {});
    }
  }

  async #read(): Promise<void> {
    using silence = new SilenceAlarm(maxSilenceMs);
    const response = await fetch(this.url, {
      headers: {
        accept: "text/event-stream",
        authorization: `Bearer ${this.token}`,
        ...(this.#lastEventId !== undefined && { "last-event-id": this.#lastEventId }),
      },
      signal: AbortSignal.any([this.#closing.signal, silence.signal]),
    });
    if (response.status === 204) this.#ending = "completed";
    else if (response.status === 503) this.#retryMs = Number(response.headers.get("retry-after")) * 1000;
    else if (response.status !== 200) this.#ending = { error: `HTTP ${response.status}` };
    if (response.status !== 200 || !response.body) {
      await response.body?.cancel();
      return;
    }
    const parser = createParser({
      onEvent: (message) => this.#take(message),
      onRetry: (retryMs) => {
        this.#retryMs = retryMs;
      },
    });
    const decoder = new TextDecoder();
    for await (const bytes of response.body as AsyncIterable<Uint8Array>) {
      silence.restart();
      parser.feed(decoder.decode(bytes, { stream: true }));
      if (this.#ending !== "open") return;
    }
  }

  #take({ event, id, data }: EventSourceMessage): void {
    if (event === "complete") this.#ending = "completed";
    if (event !== undefined || id === undefined) return;
    this.#lastEventId = id;
    this.deliveries.push(deliveryOf(id, JSON.parse(data) as Record<string, unknown>));
  }
}

/** Aborts when it was not restarted for so long. */
class SilenceAlarm implements Disposable {
  readonly #aborter = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(afterMs: number) {
    this.#timer = setTimeout(() => this.#aborter.abort(), afterMs);
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  restart(): void {
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
