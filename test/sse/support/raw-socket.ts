import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createParser } from "eventsource-parser";
import { Inbox } from "../../support/collect.js";
import type { WireFrame } from "./wire-stream.js";

/** A client that writes bytes as it likes and reads when it likes. */
export class RawSocket implements Disposable {
  #received = "";
  #closed = false;
  readonly #waiting = new Set<() => void>();

  private constructor(readonly socket: Socket) {
    socket.setEncoding("latin1").on("data", (text: string) => {
      this.#received += text;
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
  }

  static async open(
    port: number,
    options: { allowHalfOpen?: boolean; onread?: never } = {},
  ): Promise<RawSocket> {
    const socket = connect({ port, host: "127.0.0.1", ...options });
    await once(socket, "connect");
    return new RawSocket(socket);
  }

  /** Everything that came, as Latin-1. */
  get received(): string {
    return this.#received;
  }

  write(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Resolves once what was received matches. Rejects when that can be no more, or took too long. */
  async until(pattern: RegExp, timeoutMs = 5000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.#received);
      if (match) return match;
      if (this.#closed) throw new Error(`Closed before ${pattern}. Received: ${this.#received.slice(-2000)}`);
      await this.#change(deadline, `${pattern}`);
    }
  }

  /** Resolves when the server has closed the connection, with all that was received. */
  async closed(timeoutMs = 5000): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    while (!this.#closed) await this.#change(deadline, "the end");
    return this.#received;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #change(deadline: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(
        () => {
          this.#waiting.delete(wake);
          reject(new Error(`Waited too long for ${what}. Received: ${this.#received.slice(-2000)}`));
        },
        Math.max(0, deadline - Date.now()),
      );
      this.#waiting.add(wake);
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}

/** The text of a bare GET request. */
export function getText(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  version = "1.1",
): string {
  const { pathname, search, host } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${pathname}${search} HTTP/${version}\r\n${lines.join("")}\r\n`;
}

/** The frames in the text of one whole response, with or without chunks. */
export function framesOf(response: string): WireFrame[] {
  const [head = "", ...rest] = response.split("\r\n\r\n");
  const body = rest.join("\r\n\r\n");
  const inbox = new Inbox<WireFrame>();
  const parser = createParser({
    onEvent: ({ event, id, data }) =>
      inbox.push({ ...(event !== undefined && { event }), ...(id !== undefined && { id }), data }),
  });
  parser.feed(/transfer-encoding: chunked/i.test(head) ? dechunked(body) : body);
  return inbox.items;
}

function dechunked(body: string): string {
  let text = "";
  let position = 0;
  for (;;) {
    const lineEnd = body.indexOf("\r\n", position);
    const size = Number.parseInt(body.slice(position, lineEnd), 16);
    if (lineEnd < 0 || !(size > 0)) return text;
    text += body.slice(lineEnd + 2, lineEnd + 2 + size);
    position = lineEnd + 2 + size + 2;
  }
}
