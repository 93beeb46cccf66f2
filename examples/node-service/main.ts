/**
 * A service that follows all jobs of its user and posts each one that ends to a webhook. It remembers in a file how far
 * it is: stopped and started again it goes on there, so no job is missed.
 *
 *   JOBWIRE_TOKEN=... WEBHOOK_URL=http://127.0.0.1:8080/done node main.js cursor.txt
 */
import { readFile, writeFile } from "node:fs/promises";
import { createJobwireClient } from "@jobwire/client";
import type { JobFeedEvent } from "@jobwire/shared";

const { JOBWIRE_URL = "http://127.0.0.1:3000", JOBWIRE_TOKEN = "", WEBHOOK_URL = "" } = process.env;
const [cursorFile = "cursor.txt"] = process.argv.slice(2);

const stop = new AbortController();
process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());

await using client = createJobwireClient({ url: JOBWIRE_URL, token: JOBWIRE_TOKEN });
const feed = client.jobs.feed({
  lastEventId: await readFile(cursorFile, "utf8").catch(() => null),
  types: ["build.stage.started"],
  signal: stop.signal,
});
for await (const event of feed) {
  for (const ended of endedJobs(event)) await post(ended);
  // After the webhook has taken it: a crash in between posts it twice rather than never.
  await writeFile(cursorFile, feed.lastEventId ?? "");
}

interface EndedJob {
  readonly jobId: string;
  readonly status: "ready" | "failed";
  readonly message: string;
}

/** After a gap the snapshot says how the newest jobs are; some of them may have been posted before. */
function endedJobs(event: JobFeedEvent): EndedJob[] {
  if (event.type === "stream.gap")
    return event.snapshot.flatMap((job) => endedJob({ ...job, jobId: job.id }));
  return event.type === "build.stage.started" ? endedJob(event) : [];
}

function endedJob({
  jobId,
  status,
  message,
}: {
  jobId: string;
  status: string;
  message: string;
}): EndedJob[] {
  return status === "ready" || status === "failed" ? [{ jobId, status, message }] : [];
}

async function post(job: EndedJob): Promise<void> {
  const response = await fetch(WEBHOOK_URL, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(job),
  });
  if (!response.ok) throw new Error(`The webhook answered ${response.status} for job ${job.jobId}.`);
}
