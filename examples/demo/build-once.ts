import { createJobwireClient } from "@jobwire/client";
import { readConfig, startServer, type RunningServer } from "@jobwire/server";
import type { Job, JobStreamEvent, Role } from "@jobwire/shared";
import { z } from "zod";
import { projectName, startWorkerProcess } from "./worker-process.js";

export interface BuildOptions {
  /** The project. */
  readonly folder: string;
  readonly title: string;
  readonly signal: AbortSignal;
  onEvent(event: JobStreamEvent): void;
}

export interface BuildResult {
  /** As it ended. */
  readonly job: Job;
  /** What its commands have written. */
  readonly output: string;
}

/**
 * Builds a project once, with a server and a worker of its own that are gone afterwards.
 * @throws the signal's reason when it ended the build; Error when the worker ended by itself.
 */
export async function buildOnce({ folder, title, signal, onEvent }: BuildOptions): Promise<BuildResult> {
  await using server = await startServer(readConfig({ PORT: "0", LOG_LEVEL: "silent" }));
  const { url } = server;
  await using client = createJobwireClient({ url, token: await fetchToken(server, "demo", "user") });
  const workerToken = await fetchToken(server, "worker", "service");
  signal.throwIfAborted();
  await using worker = startWorkerProcess({ url, token: workerToken, folder });

  const { id: jobId } = await client.trpc.jobs.create.mutate({
    title: title.slice(0, 200),
    pipeline: "build",
    project: projectName,
  });
  const stopped = AbortSignal.any([signal, worker.ended]);
  for await (const event of client.jobs.watch(jobId, { signal: stopped })) onEvent(event);
  stopped.throwIfAborted();
  let output = "";
  for await (const { data } of client.trpc.jobs.output.subscribe({ jobId }))
    if (data.type === "output.appended") output += data.text;
  return { job: await client.trpc.jobs.get.query({ jobId }), output };
}

const tokenSchema = z.object({ token: z.string() });

async function fetchToken(server: RunningServer, sub: string, role: Role): Promise<string> {
  const query = new URLSearchParams({ sub, role, code: server.developmentCode ?? "" });
  const response = await fetch(`${server.url}/api/dev/token?${query.toString()}`);
  return tokenSchema.parse(await response.json()).token;
}
