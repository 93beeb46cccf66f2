import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that answers each request as a test says. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  /** Every request so far. */
  readonly requests: readonly ScriptedRequest[];
}

export interface ScriptedRequest {
  readonly url: string;
  readonly atMs: number;
  readonly token: string | undefined;
  /** In the header or in the input, as the client sends it. */
  readonly cursor: string | null;
}

export async function startScriptedServer(
  answer: (index: number, response: ServerResponse, request: ScriptedRequest) => void,
): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = [];
  const server = createServer((request, response) => {
    const scripted = read(request);
    requests.push(scripted);
    answer(requests.length - 1, response, scripted);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Begins a stream: headers and `connected`. */
export function beginStream(response: ServerResponse, clientOptions: object = {}): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(`retry: 10\n\nevent: connected\ndata: ${JSON.stringify(clientOptions)}\n\n`);
}

/** An event of a topic, as a frame. */
export function eventFrame(number: number, text = ""): string {
  return `data: ${JSON.stringify({ json: { type: "event", number, text } })}\nid: a:${number}\n\n`;
}

function read({ url = "", headers }: IncomingMessage): ScriptedRequest {
  const input = new URL(url, "http://localhost").searchParams.get("input");
  const inInput = (JSON.parse(input ?? "{}") as { json?: { lastEventId?: string } }).json?.lastEventId;
  const header = headers["last-event-id"];
  return {
    url,
    atMs: performance.now(),
    token: headers.authorization?.replace("Bearer ", ""),
    cursor: (typeof header === "string" ? header : inInput) ?? null,
  };
}
