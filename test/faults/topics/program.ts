import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createSseHandler } from "@jobwire/server/sse";
import { openJobwire, redisStore } from "@jobwire/server/topics";
import { initTRPC } from "@trpc/server";
import { book, pipedTokens } from "./book.js";

/** A server of books: one stream over several, and a pipe into one that goes on where a killed process left it. */

const { REDIS_URL: url = "", PORT = "0" } = process.env;
const jobwire = await openJobwire({ store: redisStore({ url }), maxEvents: 100_000 });
const books = jobwire.topic(book);
const sse = createSseHandler({
  router: initTRPC.create().router({}),
  createContext: () => ({}),
  heartbeatMs: 2000,
  retryMs: 50,
});

async function* tokensFrom(first: number) {
  for (let token = first; token < pipedTokens; token++) {
    await delay(2);
    yield { type: "entry.made" as const, mark: `token ${token}` };
  }
}

async function pipe(bookId: string): Promise<void> {
  const { marks } = (await books.state({ bookId })) ?? { marks: [] };
  await books.pipe({ bookId }, tokensFrom(marks.length), { end: () => ({ type: "book.closed" }) });
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === "/pipe") {
    // The process is killed in the middle of it.
    pipe(searchParams.get("book") ?? "").catch((error: unknown) =>
      process.stderr.write(`${String(error)}\n`),
    );
    return void response.writeHead(202).end();
  }
  const bookIds = (searchParams.get("books") ?? "").split(",");
  const lastEventId = request.headers["last-event-id"]?.toString();
  return void sse.plain(request, response, {
    open: async (signal) =>
      jobwire.merge(
        bookIds.map((bookId) => books.stream({ bookId })),
        { lastEventId, signal },
      ),
  });
}).listen(Number(PORT), "127.0.0.1", () =>
  process.stdout.write(`Books: ${(server.address() as AddressInfo).port}\n`),
);
