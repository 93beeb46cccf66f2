import { readConfig, startServer, type RunningServer } from "@jobwire/server";
import { createJobwireClient, type JobwireClient } from "@jobwire/client";
import type { Role } from "@jobwire/shared";
import { buildWorkerProgram, startProgram, type Program } from "../../integration/build-worker-fixture.js";
import { freePort, startRedis, type TestRedis } from "../../support/redis-server.js";
import { signTestToken, testSecret } from "../../support/test-server.js";
import { FaultProxy } from "../../faults/support/fault-proxy.js";

/** A server with the dashboard on a real Redis, at an address that outlives it. */
export interface Shop extends AsyncDisposable {
  readonly url: string;
  /** The server goes, as in a deployment; what it had is in Redis. */
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  cutRedis(): void;
  mendRedis(): void;
  /** A build worker that may build these folders, by name. */
  startWorker(projects: Readonly<Record<string, string>>): Promise<Program>;
  token(sub: string, role?: Role): Promise<string>;
  client(sub: string, role?: Role): Promise<JobwireClient>;
}

export async function openShop(
  dashboard: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Shop> {
  const redis = await startRedis();
  const redisPort = portOf(redis);
  const deadPort = await freePort();
  const proxy = await FaultProxy.start(redisPort);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = readConfig({
    PORT: String(port),
    LOG_LEVEL: "silent",
    DRAIN_MS: "200",
    JWT_SECRET: testSecret,
    REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
    ...environment,
  });
  let server: RunningServer | undefined;
  const workers: Program[] = [];
  const stop = async () => {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  };
  const start = async () => {
    server = await startServer(config, { dashboard });
  };
  await start();
  return {
    url,
    stopServer: stop,
    startServer: start,
    cutRedis() {
      proxy.switchTo(deadPort);
      proxy.cut();
    },
    mendRedis: () => proxy.switchTo(redisPort),
    async startWorker(projects) {
      const worker = startProgram(
        buildWorkerProgram,
        Object.entries(projects).map(([name, folder]) => `--project=${name}=${folder}`),
        { JOBWIRE_URL: url, JOBWIRE_TOKEN: await signTestToken({ sub: "worker", role: "service" }) },
      );
      workers.push(worker);
      await worker.lines.until((line) => line.includes("worker started"));
      return worker;
    },
    token: (sub, role = "user") => signTestToken({ sub, role }),
    client: async (sub, role = "user") =>
      createJobwireClient({ url, token: await signTestToken({ sub, role }) }),
    async [Symbol.asyncDispose]() {
      for (const worker of workers) await worker[Symbol.asyncDispose]();
      await stop();
      await proxy[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}

function portOf({ url }: TestRedis): number {
  return Number(new URL(url).port);
}
