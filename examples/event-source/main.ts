/** Serves index.html, and signs people in by a cookie that scripts cannot read. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createJobwireClient } from "@jobwire/client";
import { runPageServer } from "../page-server/page-server.js";

export interface PageServer extends AsyncDisposable {
  readonly url: string;
}

/** @param token whose jobs the page may see; an application has one for each of its users. */
export async function servePage(token: () => string): Promise<PageServer> {
  const page = await readFile(new URL("index.html", import.meta.url));
  const server = createServer((_request, response) => {
    response.setHeader("set-cookie", `jobwire_token=${token()}; HttpOnly; SameSite=Strict; Path=/`);
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(page);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

// `npm run example:event-source`: each visit starts a job.
if (process.argv[1] === import.meta.filename) {
  const page = await readFile(new URL("index.html", import.meta.url));
  await runPageServer("A page with EventSource", ({ url, token }) => {
    const { trpc } = createJobwireClient({ url, token });
    return async ({ url: path }, response) => {
      if (path !== "/") {
        response.setHeader("content-type", "text/html; charset=utf-8").end(page);
        return;
      }
      const { id } = await trpc.jobs.create.mutate({ title: "Sample", pipeline: "sample" });
      response.writeHead(303, { location: `/?job=${id}` }).end();
    };
  });
}
