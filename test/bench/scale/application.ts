import { startProcess } from "../../support/server-process.js";
import { childrenOf, usageOf } from "../processes/proc.js";
import { signToken, tokenSecret } from "../token.js";
import { createJobwireClient, type JobwireClient } from "@jobwire/client";
import type { ScaleBench } from "./finding.js";

/** The server as users start it, in one process or several. */
export interface Application extends AsyncDisposable {
  readonly port: number;
  /** User and system time so far of each process that serves, to a hundredth of a second. */
  cpuUsOfEach(): readonly number[];
  /** Of all together. */
  cpuUs(): number;
  client(userId: string, role?: "service"): JobwireClient;
}

const manyMore = "1000000";

export async function startApplication({ programs, redis }: ScaleBench, processes = 1): Promise<Application> {
  const server = await startProcess(process.execPath, [programs.jobwire, "--no-dashboard"], {
    NODE_ENV: "production",
    JOBWIRE_PROCESSES: String(processes),
    REDIS_URL: redis.url,
    JWT_SECRET: tokenSecret,
    SSE_MAX_CONNECTIONS: manyMore,
    SSE_MAX_CONNECTIONS_PER_USER: manyMore,
    SESSIONS_MAX_PER_USER: manyMore,
    JOBS_MAX_OPEN_PER_USER: manyMore,
    CALLS_PER_MINUTE: manyMore,
    CALLS_PER_MINUTE_PER_USER: manyMore,
    DRAIN_MS: "0",
  });
  const { pid = 0, url } = server;
  const serving = processes === 1 ? [pid] : childrenOf(pid);
  const cpuUsOfEach = () => serving.map((one) => usageOf(one).cpuUs);
  return {
    port: Number(new URL(url).port),
    cpuUsOfEach,
    cpuUs: () => cpuUsOfEach().reduce((sum, cpuUs) => sum + cpuUs, 0),
    client: (userId, role) => createJobwireClient({ url, token: signToken(userId, role) }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
