/** What an application's own server does for a page: its HTML and scripts, a cookie that signs in, and Jobwire behind it. */
import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { startTestServer } from "@jobwire/client/testing";
import { startSampleWorker } from "./sample-worker.js";

interface PageServer extends AsyncDisposable {
  readonly url: string;
}

/** Jobwire, and who looks at the page. */
export interface Backend {
  readonly url: string;
  readonly token: string;
}

/** Answers what is not for Jobwire. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Jobwire and the page in one process, everything in memory: an application has its Jobwire elsewhere, and signs people in. */
async function startPageServer(port: number, open: (backend: Backend) => Answer): Promise<PageServer> {
  const jobwire = await startTestServer();
  const worker = startSampleWorker((await jobwire.newService()).client);
  const backend = { url: jobwire.url, token: await jobwire.token("ana") };
  const answer = open(backend);
  const server = createServer((request, response) => {
    if (/^\/(trpc|api)\//.test(request.url ?? "")) return pass(backend.url, request, response);
    response.setHeader("set-cookie", `jobwire_token=${backend.token}; HttpOnly; SameSite=Strict; Path=/`);
    Promise.resolve(answer(request, response)).catch((error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    });
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await worker.stop({ graceMs: 0 });
      await jobwire[Symbol.asyncDispose]();
    },
  };
}

/** Says where it is and stays until Ctrl-C. */
export async function runPageServer(title: string, open: (backend: Backend) => Answer): Promise<void> {
  const server = await startPageServer(Number(process.env["PORT"] ?? 3000), open);
  console.log(`${title}: ${server.url}`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void server[Symbol.asyncDispose]().then(() => process.exit(0)));
  }
}

/** One origin for the page and its calls: what a proxy does, or `rewrites` of Next.js. */
function pass(url: string, request: IncomingMessage, response: ServerResponse): void {
  const { method = "GET", headers } = request;
  const passed = forward(`${url}${request.url}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  passed.on("error", () => response.destroy());
  response.on("close", () => passed.destroy());
  request.pipe(passed);
}
