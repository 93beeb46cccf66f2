import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { createSseHandler } from "@jobwire/server/sse";
import { memoryStore, openJobwire, redisStore } from "@jobwire/server/topics";
import { initTRPC, TRPCError } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import superjson from "superjson";
import { chat, wordsOf } from "./chat.js";

const { REDIS_URL: url, PORT = "3000" } = process.env;
const store = url === undefined ? memoryStore() : redisStore({ url, prefix: "chat" });
const jobwire = await openJobwire({ store, maxEvents: 10_000 });
const chats = jobwire.topic(chat, { index: ({ status }) => [status] });

/** From this word on: an answer that a server left half said is taken up by the next one. */
async function* sayFrom(question: string, first: number) {
  for (const word of wordsOf(question).slice(first)) {
    await delay(25);
    yield { type: "word.said" as const, word };
  }
}
const answer = (chatId: string, question: string, first = 0) =>
  chats
    .pipe({ chatId }, sayFrom(question, first), { end: () => ({ type: "answer.ended" }) })
    .catch(console.error);
for (const { key, state } of (await chats.list({ index: "answering", limit: 1000 })).items)
  void answer(key.chatId, state.question, state.words);
const trpc = initTRPC.create({ transformer: superjson });
const input = chat.key.extend({ question: chat.events["question.asked"].shape.question });
const router = trpc.router({
  ask: trpc.procedure.input(input).mutation(async ({ input: { chatId, question } }) => {
    await chats.change({ chatId }, (state) => {
      if (state?.status === "answering")
        throw new TRPCError({ code: "CONFLICT", message: "Still answering." });
      return { type: "question.asked", question };
    });
    void answer(chatId, question);
  }),
  events: trpc.procedure
    .input(chat.streamInput)
    .subscription(({ input: of, signal }) => chats.stream(of, { signal })),
});

const options = { router, createContext: () => ({}), basePath: "/trpc/" };
const [sse, calls] = [createSseHandler(options), createHTTPHandler(options)];
const page = await readFile(new URL("page.html", import.meta.url));
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === "/") return void response.setHeader("content-type", "text/html").end(page);
  if (pathname !== "/events")
    return void sse(request, response).then((done) => done || calls(request, response));
  const lastEventId = request.headers["last-event-id"]?.toString();
  const chatId = searchParams.get("chatId") ?? "";
  return void sse.plain(request, response, {
    open: (signal) => chats.stream({ chatId, lastEventId }, { signal }),
  });
}).listen(Number(PORT), "127.0.0.1", () => console.log(`Chat: http://127.0.0.1:${PORT}`));
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void sse.drain({ overMs: 0 }).then(() => server.close(() => process.exit(0))));
