import { createTestClient, refusalOf } from "../../support/test-client.js";
import type { Fault, Scene } from "../fault.js";
import { readJob, readLog } from "../support/log-reading.js";
import { feedTopic, topicOfJob } from "../../support/job-places.js";
import { signToken } from "../support/token.js";

/** Redis refuses to write: the caller is told, and neither state nor log has changed. */
export const fullMemory: Fault = {
  name: "full-memory",
  title: "maxmemory is reached: commits are refused whole",
  async strike(scene) {
    const { stage } = scene;
    await stage.redis.ask(async (redis) => {
      await redis.config("SET", "maxmemory-policy", "noeviction");
      await redis.config("SET", "maxmemory", "1");
      try {
        await checkRefusals(scene);
      } finally {
        await redis.config("SET", "maxmemory", "0");
      }
    });
  },
};

async function checkRefusals(scene: Scene): Promise<void> {
  const { stage, load } = scene;
  const before = await readAll(scene);
  const service = await signToken("publisher", "service");
  const user = await signToken(load.ownerId, "user");
  const [jobId = ""] = load.jobIds;
  for (const url of stage.urls) {
    const { jobs } = createTestClient({ url, token: service });
    const event = { type: "build.progress", stage: "code", percent: 1 } as const;
    const calls = {
      publish: () => jobs.publish.mutate({ jobId, event }),
      "publish with a key": () => jobs.publish.mutate({ jobId, event, idempotencyKey: "full memory" }),
      transition: () => jobs.transition.mutate({ jobId, to: "failed" }),
      create: () => createTestClient({ url, token: user }).jobs.create.mutate({}),
    };
    for (const [name, call] of Object.entries(calls)) {
      const { code, reason, status } = await refusalOf(call());
      if (code !== "SERVICE_UNAVAILABLE" || reason !== "STORE_UNAVAILABLE" || status !== 503)
        throw new Error(`${name} was refused with ${code}, ${reason}, ${status}`);
    }
  }
  const after = await readAll(scene);
  if (after !== before) throw new Error(`Refused commits have changed something.\n${before}\n${after}`);
}

/** Everything of this owner, as text. */
function readAll({ stage, load: { ownerId, jobIds } }: Scene): Promise<string> {
  return stage.redis.ask(async (redis) => {
    const topics = [feedTopic(ownerId), ...jobIds.map((id) => topicOfJob(id))];
    const logs = await Promise.all(topics.map((topic) => readLog(redis, topic)));
    const jobs = await Promise.all(jobIds.map((id) => readJob(redis, id)));
    return JSON.stringify({ logs: logs.map(({ head, entries }) => ({ head, entries: [...entries] })), jobs });
  });
}
