#!/usr/bin/env node
import { once } from "node:events";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { readConfig, type Config } from "./config.js";
import { startServer, type RunningServer } from "./start-server.js";
import { startWorkerProcess } from "./worker-process.js";

const help = `Usage: jobwire-server [options]

Serves the Jobwire API: tRPC and its event streams at /trpc, /healthz, /readyz and /metrics.
Without REDIS_URL everything is kept in memory and gone after a restart.

Options:
  --worker <module>  run this worker program beside the server
  --no-worker        run none (as JOBWIRE_WORKER=off does)
  -h, --help         show this

Examples:
  PORT=8080 jobwire-server
  REDIS_URL=redis://127.0.0.1:6379 JWT_SECRET=... NODE_ENV=production jobwire-server

Environment: docs/configuration.md
`;

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      worker: { type: "string" },
      "no-worker": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return console.log(help);
  const config = readConfig(process.env);
  const log = pino({ level: config.logLevel });
  const stopped = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  await using server = await startServer(config, { log, registry });
  console.log(greeting(server, config));
  const module = config.runsWorker && !values["no-worker"] ? values.worker : undefined;
  if (module !== undefined && server.signer) {
    await using _worker = await startWorkerProcess({ module, url: server.url, signer: server.signer, log });
    await stopped;
  } else {
    if (module !== undefined)
      log.warn("no worker started: with JWT_JWKS_URL it needs a token from you; start it by hand");
    await stopped;
  }
  process.once("SIGTERM", exitNow).once("SIGINT", exitNow);
}

function exitNow(): never {
  process.exit(1);
}

function greeting({ url, handsOutTokens }: RunningServer, { redisUrl }: Config): string {
  const store = redisUrl === undefined ? "in memory (set REDIS_URL to keep events)" : "Redis";
  const lines = [`Jobwire listens on ${url}`, `  API     ${url}/trpc`, `  Store   ${store}`];
  if (handsOutTokens) lines.push(`  Token   curl '${url}/api/dev/token?sub=alice&role=user'`);
  return lines.join("\n");
}
