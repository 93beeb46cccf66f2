import { once } from "node:events";
import { createReadStream } from "node:fs";
import { realpath } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { extname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";

export interface FolderSite extends AsyncDisposable {
  readonly url: string;
}

/** Serves a folder's files on this machine only. A page opened as a file could not load modules or `/` paths. */
export async function serveFolder(folder: string): Promise<FolderSite> {
  const root = await realpath(folder);
  const server = createServer((request, response) => {
    sendFile(root, request.url ?? "/", response).catch(() => {
      if (!response.headersSent) response.writeHead(404);
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function sendFile(root: string, url: string, response: ServerResponse): Promise<void> {
  const pathname = decodeURIComponent(new URL(url, "http://localhost").pathname);
  const path = await realpath(join(root, pathname.endsWith("/") ? `${pathname}index.html` : pathname));
  if (!path.startsWith(root + sep)) throw new Error(`${pathname} is not in the folder.`);
  response.setHeader("Content-Type", mediaTypes[extname(path)] ?? "application/octet-stream");
  await pipeline(createReadStream(path), response);
}

const mediaTypes: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
};
