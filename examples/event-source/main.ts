/** Serves index.html, and signs people in by a cookie that scripts cannot read. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface PageServer extends AsyncDisposable {
  readonly url: string;
}

/** @param token whose jobs the page may see; an application has one for each of its users. */
export async function servePage(token: () => string, port = 0): Promise<PageServer> {
  const page = await readFile(new URL("index.html", import.meta.url));
  const server = createServer((_request, response) => {
    response.setHeader("set-cookie", `jobwire_token=${token()}; HttpOnly; SameSite=Strict; Path=/`);
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(page);
  });
  server.listen(port, "127.0.0.1");
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

if (process.argv[1] === import.meta.filename) {
  const { url } = await servePage(() => process.env["JOBWIRE_TOKEN"] ?? "", 3005);
  console.log(
    `Start Jobwire with CORS_ORIGINS=${url}, then open ${url}?server=http://127.0.0.1:3000&job=<id>`,
  );
}
