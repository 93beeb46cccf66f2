import { setMaxListeners } from "node:events";
import { jobTopic } from "@jobwire/shared";
import { pino } from "pino";
import { readConfig } from "../../../server/src/config.js";
import { beginJob } from "../../../server/src/jobs/job-decisions.js";
import { indexesOf, indexesOfAll, searchTextOf } from "../../../server/src/jobs/job-filter.js";
import { storedJob } from "../../../server/src/jobs/stored-job.js";
import { startServer } from "../../../server/src/start-server.js";
import type { Commit } from "../../../server/src/store/store.js";
import { openJobwire, redisStore } from "../../../server/src/topics/index.js";
import type { BenchEvent } from "../event.js";
import { tokenSecret } from "../token.js";
import type { Contender, ServeOptions, Serving } from "./contender.js";
import { commitPublisher, maxEvents } from "./commit-publisher.js";

/** What users run: the whole application, with its metrics, limits, headers and authentication. Its topics are jobs. */
export const application: Contender = {
  name: "jobwire",
  // The first event of a job is its own.
  numbersIds: false,
  isSlow: false,
  patienceMs: 5000,
  keepsLogIn: "redis",
  // Its streams are those of many who may all see the same job.
  role: "service",
  missing: ({ hasRedis }) => (hasRedis ? undefined : "its events come from another process, through Redis"),
  pathOf: (topic) =>
    `/trpc/jobs.events?input=${encodeURIComponent(JSON.stringify({ json: { jobId: topic } }))}`,
  serve,
  openPublisher: commitPublisher(commitOf),
};

/** All that scenarios publish to. */
const topics = ["topic", "storm", ...Array.from({ length: 1000 }, (_, index) => `topic-${index}`)];

async function serve({ redisUrl, heartbeatMs }: ServeOptions): Promise<Serving> {
  if (redisUrl === null) throw new Error("The application is measured with Redis.");
  await createJobs(redisUrl);
  setMaxListeners(0);
  const server = await startServer(
    readConfig({
      PORT: "0",
      REDIS_URL: redisUrl,
      JWT_SECRET: tokenSecret,
      METRICS_TOKEN: tokenSecret,
      HISTORY_MAX_EVENTS: String(maxEvents),
      SSE_HEARTBEAT_MS: String(heartbeatMs),
      SSE_MAX_CONNECTIONS: "20000",
      DRAIN_MS: "0",
    }),
    { log: pino({ level: "warn" }) },
  );
  return { port: Number(new URL(server.url).port) };
}

/** Jobs as `jobs.create` makes them. */
async function createJobs(url: string): Promise<void> {
  await using jobwire = await openJobwire({ store: redisStore({ url }), maxEvents });
  const jobs = jobwire.topic(jobTopic, {
    index: indexesOf,
    complete: indexesOfAll,
    stored: storedJob,
    search: searchTextOf,
  });
  for (const jobId of topics) await jobs.change({ jobId }, () => beginJob(jobId, "owner", {}, new Date()));
}

/** What a worker reports, encoded as the server does. */
function commitOf(jobId: string, { json }: BenchEvent): Commit {
  const event = `${json.slice(0, -1)},"timestamp":"${new Date().toISOString()}"}`;
  const body = `{"json":${event},"meta":{"values":{"timestamp":["Date"]},"v":1}}`;
  return { scope: "topic:job", events: [{ topic: JSON.stringify([jobId]), type: "build.progress", body }] };
}
