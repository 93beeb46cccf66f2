import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { defineTopic, jobTopic } from "@jobwire/shared";
import { beginJob } from "../../../server/src/jobs/job-decisions.js";
import { createSseHandler } from "@jobwire/server/sse";
import { memoryStore, openJobwire, redisStore } from "@jobwire/server/topics";
import { initTRPC } from "@trpc/server";
import { z } from "zod";

/** Own topics over plain SSE, and jobs beside them, told over HTTP what to publish. `REDIS_URL`: there; else in memory. */
const token = defineTopic("token", {
  key: z.object({ answerId: z.string() }),
  events: { "token.added": z.object({ text: z.string() }) },
});

const { REDIS_URL: redisUrl, COALESCE_MS: coalesceMs = "0" } = process.env;
const jobwire = await openJobwire({
  store: redisUrl === undefined ? memoryStore() : redisStore({ url: redisUrl }),
  maxEvents: 20_000,
  coalesceMs: Number(coalesceMs),
});
const tokens = jobwire.topic(token);
const jobs = jobwire.topic(jobTopic);
const sse = createSseHandler({ router: initTRPC.create().router({}), createContext: () => ({}) });

const publish = {
  /** One event on each of the topics in turn, paced. */
  async paced(answerIds: readonly string[], count: number, rate: number) {
    for (let index = 0; index < count; index++) {
      const answerId = answerIds[index % answerIds.length] ?? "";
      await tokens.publish({ answerId }, { type: "token.added", text: `token ${index}` });
      await delay(1000 / rate);
    }
  },
  /** The same for jobs. */
  async jobs(jobIds: readonly string[], count: number, rate: number) {
    for (const jobId of jobIds)
      await jobs.change({ jobId }, (job) => (job ? [] : beginJob(jobId, "owner", {}, new Date())));
    for (let index = 0; index < count; index++) {
      const jobId = jobIds[index % jobIds.length] ?? "";
      const message = `token ${index}`;
      await jobs.publish({ jobId }, { type: "build.progress", stage: "code", percent: 1, message });
      await delay(1000 / rate);
    }
  },
  async piped([answerId = ""]: readonly string[], count: number, rate: number) {
    await tokens.pipe({ answerId }, tokensAt(rate, count));
  },
  /** What the tokens themselves cost: they come, and nobody takes them. */
  async untaken(_: readonly string[], count: number, rate: number) {
    for await (const { text } of tokensAt(rate, count)) void text;
  },
};

async function* tokensAt(rate: number, count: number) {
  for (let index = 0; index < count; index++) {
    yield { type: "token.added" as const, text: `token ${index}` };
    await delay(1000 / rate);
  }
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  const answerIds = (url.searchParams.get("answers") ?? "").split(",");
  const [count, rate] = ["count", "rate"].map((name) => Number(url.searchParams.get(name)));
  const streams = () => answerIds.map((answerId) => tokens.stream({ answerId, replay: "none" }));
  const answer = (work: Promise<unknown>) =>
    void work.then((value) => response.end(JSON.stringify(value ?? null)));
  switch (url.pathname) {
    case "/single":
      return void sse.plain(request, response, {
        open: async (signal) => tokens.stream({ answerId: answerIds[0] ?? "", replay: "none" }, { signal }),
      });
    case "/job":
      return void sse.plain(request, response, {
        open: async (signal) => jobs.stream({ jobId: answerIds[0] ?? "", replay: "none" }, { signal }),
      });
    case "/merged":
      return void sse.plain(request, response, {
        open: async (signal) => jobwire.merge(streams(), { signal }),
      });
    case "/paced":
      return answer(publish.paced(answerIds, count ?? 0, rate ?? 1));
    case "/jobs":
      return answer(publish.jobs(answerIds, count ?? 0, rate ?? 1));
    case "/piped":
      return answer(publish.piped(answerIds, count ?? 0, rate ?? 1));
    case "/untaken":
      return answer(publish.untaken(answerIds, count ?? 0, rate ?? 1));
    default:
      return answer(Promise.resolve(process.cpuUsage()));
  }
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(`Jobwire listens on http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
});
